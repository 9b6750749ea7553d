"""A repository of the hub as vLLM needs it: which of its files, and fetching them into a folder that appears whole."""

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.errors import EngineError
from daemon.engines.files.download import Progress, Remote, blob_of, fetch, sha256_of

_NAME = re.compile(r"(?:(?:\d+_\w+|additional_chat_templates)/)?\w[\w.+-]*")
"""At the top, or in a folder of sentence-transformers (`1_Pooling/`) or of chat templates. Nothing leads out of it."""
_SMALL = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".py")
_PICKLES = re.compile(r"pytorch_model[\w.-]*\.bin")
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub lists it, in bytes. `sha256` is of large files, `blob` (git's hash) of the others."""

    name: str
    size: int
    sha256: str = ""
    blob: str = ""


def needed(files: Iterable[HubFile], *, weights: bool = True) -> list[HubFile]:
    """What vLLM reads of a repository. Pickles only where it has no safetensors; other forms of the weights never."""
    known = [file for file in files if _NAME.fullmatch(file.name)]
    small = [file for file in known if file.name.endswith(_SMALL) and not file.name.endswith(".bin.index.json")]
    if not weights:
        return small
    tensors = [file for file in known if file.name.endswith(".safetensors")]
    # Mistral's own form beside the one that everybody reads holds the same weights again
    twins = [file for file in tensors if file.name.startswith("consolidated")]
    tensors = [file for file in tensors if file not in twins] or tensors
    if any("/" not in file.name for file in tensors):
        return small + tensors
    indexes = [file for file in known if file.name.endswith(".bin.index.json")]
    return small + indexes + tensors + [file for file in known if _PICKLES.fullmatch(file.name)]


def missing_kind(files: Sequence[HubFile], *, weights: bool = True) -> str:
    """What of a model is not among its files, as a sentence; empty where all is."""
    if not any(file.name == "config.json" for file in files):
        return "It has no config.json."
    ends = (".safetensors", ".bin")
    if weights and not any(file.name.endswith(ends) and "/" not in file.name for file in files):
        return "It has no weights as safetensors."
    return ""


def bring(name: str, files: Sequence[tuple[HubFile, Remote]], target: Path, progress: Progress) -> None:
    """Fetch what is missing beside `target`, check all, and let it appear there. Its lock is held by the caller.

    Files are known by their hashes, so that what an older attempt or revision left is used where it is the same.
    Raises EngineError: too little room, or what `fetch` raises.
    """
    part = target.with_name(f".{target.name}.part")
    if target.is_dir() and part.exists():
        shutil.rmtree(target)  # it is not whole, and what was begun later is the better half
    elif target.is_dir():
        target.replace(part)
    part.mkdir(parents=True, exist_ok=True)
    _clean(part, [file.name for file, _ in files])
    total = sum(file.size for file, _ in files)
    rest = [(file, remote) for file, remote in files if not _is_whole(part / file.name, file)]
    _check_room(name, part, sum(file.size for file, _ in rest))
    done = total - sum(file.size for file, _ in rest)
    for file, remote in rest:
        place = part / file.name
        place.parent.mkdir(exist_ok=True)
        fetch(remote, place, _shifted(progress, name, done, total))
        done += file.size
    progress(name, total, total)
    part.replace(target)


def _shifted(progress: Progress, name: str, before: int, total: int) -> Progress:
    return lambda _, have, __: progress(name, before + have, total)


def _is_whole(path: Path, file: HubFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    return sha256_of(path) == file.sha256 if file.sha256 else blob_of(path) == file.blob


def _clean(part: Path, names: Sequence[str]) -> None:
    """Take away what another revision left; begun files stay, which `fetch` calls `.NAME.VERSION.part`."""
    kept = {part / name for name in names}
    for path in [each for each in part.rglob("*") if each.is_file()]:
        begun = path.with_name(path.name[1:].rsplit(".", 2)[0]) if path.name.endswith(".part") else path
        if begun not in kept:
            path.unlink()


def _check_room(name: str, part: Path, rest: int) -> None:
    begun = sum(path.stat().st_size for path in part.rglob(".*.part"))
    free, takes = shutil.disk_usage(part).free, rest - begun
    if takes > free:
        raise EngineError(
            f"{name} was not downloaded.",
            f"It takes {takes // _MIB:,} MiB more, and {free // _MIB:,} MiB are free in {part.parent}.",
            "Make room, or name a folder on another disk with FAMULUS_MODELS; then run the same command again.",
        )
