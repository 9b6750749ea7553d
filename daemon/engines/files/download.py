"""One file over HTTP into its place: resumed where it broke off, checked, moved there whole; one process at a time."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from agents.errors import EngineError

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that are there, and the bytes that there will be."""

_TRIES = 5
_FIX = "Run the same command again: it goes on where it stopped."


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to fetch. `version` changes with its content; `sha256` and `blob` (git's hash) are "" where the server does not say."""

    url: str
    size: int
    version: str
    sha256: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    blob: str = ""


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Hold the lock of a file that is to be made; other processes wait here."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(remote: Remote, target: Path, progress: Progress) -> None:
    """Bring the file to `target`. What a broken attempt left is used if the version is the same.

    Raises EngineError: no connection, refused, disk full, or a content that is not what was announced.
    """
    part = target.with_name(f".{target.name}.{_short(remote.version)}.part")
    for stale in target.parent.glob(f".{target.name}.*.part"):
        if stale != part:
            stale.unlink()
    try:
        _fill(remote, part, lambda done: progress(target.name, done, remote.size))
    except httpx.HTTPError as error:
        raise _failed(target, f"The connection failed: {str(error) or type(error).__name__}.", _FIX) from error
    except OSError as error:
        raise _failed(target, f"It can not be written: {error}.", "Make room, then run it again.") from error
    check(part, remote.size, remote.sha256, remote.blob)
    settle(part, target)


def check(file: Path, size: int, sha256: str, blob: str = "") -> None:
    """Compare a file with what it should be; one that differs is deleted. Raises EngineError."""
    found = file.stat().st_size
    same = found == size and (not sha256 or sha256_of(file) == sha256) and (not blob or blob_of(file) == blob)
    if not same:
        file.unlink()
        hash_name = "SHA-256" if sha256 else "hash"
        what = f"{found:,} bytes instead of {size:,}" if found != size else f"another {hash_name} than announced"
        raise _failed(file, f"What came has {what}.", "Run the same command again; it was deleted.")


def settle(source: Path, target: Path) -> None:
    """Move a whole file into place so that nobody ever sees half of it."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)


def sha256_of(file: Path) -> str:
    """In hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def blob_of(file: Path) -> str:
    """The hash by which git knows the content, in hexadecimal digits."""
    seen = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            seen.update(chunk)
    return seen.hexdigest()


def _fill(remote: Remote, part: Path, progress: Callable[[int], None]) -> None:
    tries = 0
    if not remote.size:
        part.touch()
    while (have := part.stat().st_size if part.exists() else 0) < remote.size:
        try:
            _continue(remote, part, have, progress)
        except httpx.HTTPStatusError:
            raise
        except httpx.HTTPError:
            # a connection that brought something has not failed; only those that bring nothing are counted
            tries = tries + 1 if part.exists() and part.stat().st_size == have else 0
            if tries >= _TRIES:
                raise
    progress(remote.size)


def _continue(remote: Remote, part: Path, have: int, progress: Callable[[int], None]) -> None:
    headers = {**remote.headers, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with httpx.stream("GET", remote.url, headers=headers, follow_redirects=True, timeout=30) as answer:
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        with part.open("ab" if resumed else "wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)
                progress(file.tell())


def _short(version: str) -> str:
    return hashlib.sha256(version.encode()).hexdigest()[:12]


def _failed(file: Path, cause: str, fix: str) -> EngineError:
    return EngineError(f"{file.name} was not downloaded.", cause, fix)
