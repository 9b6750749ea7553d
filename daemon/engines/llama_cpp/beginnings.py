"""Beginnings of prompts that outlive a worker, as files: what the cache holds of a model's system turns and tools.

A file is found by the model, the way it is run, and the tokens, so that one of another model is never looked at. It is
used only where its digest fits; a damaged one is deleted. Written for this user only, and in a thread of its own.
"""

import hashlib
import logging
import os
import struct
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_MAGIC = b"famulus-beginning-1\n"
_DIGEST = 32
_ABANDONED = 3600.0
"""Seconds after which a file that nobody finished is rubbish."""
log = logging.getLogger(__name__)


class Beginnings:
    """The files of one folder; `most` bytes of all models together. For one thread."""

    def __init__(self, folder: Path, identity: str, most: int) -> None:
        """`identity` tells the model, its settings and the library apart from all others."""
        self._folder, self._identity, self._most = folder, identity, most
        self._known: set[str] = set()
        self._writer = ThreadPoolExecutor(1, "beginnings")

    def has(self, tokens: Sequence[int]) -> bool:
        """Whether this beginning is kept, or need not be tried again."""
        name = self._name(tokens)
        return name in self._known or (self._folder / name).exists()

    def find(self, tokens: Sequence[int]) -> bytes | None:
        """What the cache held of exactly these tokens; None where nothing sound is kept."""
        file = self._folder / self._name(tokens)
        try:
            data = _read(file)
            os.utime(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("The saved beginning %s can not be read: %s", file, error)
            return None
        found = unpacked(data, tokens)
        if found is None:
            log.warning("The saved beginning %s is damaged and was deleted.", file)
            self._known.discard(file.name)
            file.unlink(missing_ok=True)
        return found

    def keep(self, tokens: Sequence[int], state: bytes) -> None:
        """Write it soon. What is larger than all may be together is not kept."""
        name = self._name(tokens)
        self._known.add(name)
        data = packed(tokens, state)
        if len(data) <= self._most:
            self._writer.submit(self._write, name, data)

    def forget(self, tokens: Sequence[int]) -> None:
        """Keep this beginning no longer: what it holds is in doubt."""
        name = self._name(tokens)
        self._known.discard(name)
        self._writer.submit(self._delete, self._folder / name)  # behind what is being written

    def flush(self) -> None:
        """Return when all is written."""
        self._writer.submit(lambda: None).result()

    def _name(self, tokens: Sequence[int]) -> str:
        return hashlib.sha256(self._identity.encode() + b"\0" + _bytes_of(tokens)).hexdigest()[:40] + ".kv"

    def _write(self, name: str, data: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            made = self._folder / f"{name}.{os.getpid()}.new"
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(data)
            made.replace(self._folder / name)
            self._make_room()
        except OSError as error:
            log.warning("A beginning was not saved in %s: %s", self._folder, error)

    def _delete(self, file: Path) -> None:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("The saved beginning %s, which is in doubt, can not be deleted: %s", file, error)

    def _make_room(self) -> None:
        """Delete what was used longest ago until all together are no more than they may be."""
        for left in self._folder.glob("*.new"):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                left.unlink(missing_ok=True)
        files = sorted(self._folder.glob("*.kv"), key=lambda file: file.stat().st_mtime_ns)
        whole = sum(file.stat().st_size for file in files)
        while whole > self._most:
            oldest = files.pop(0)
            whole -= oldest.stat().st_size
            oldest.unlink(missing_ok=True)


def packed(tokens: Sequence[int], state: bytes) -> bytes:
    """The content of a file."""
    body = struct.pack("<I", len(tokens)) + _bytes_of(tokens) + state
    return _MAGIC + hashlib.sha256(body).digest() + body


def unpacked(data: bytes, tokens: Sequence[int]) -> bytes | None:
    """The state in the content of a file; None where it is damaged or of other tokens."""
    start = len(_MAGIC) + _DIGEST
    body = memoryview(data)[start:]
    head = struct.pack("<I", len(tokens)) + _bytes_of(tokens)
    if data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]:
        return None
    return bytes(body[len(head) :]) if body[: len(head)] == head else None


def _bytes_of(tokens: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(tokens)}i", *tokens)


def _read(file: Path) -> bytes:
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb") as stream:
        return stream.read()
