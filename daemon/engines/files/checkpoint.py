"""A model as Hugging Face lays it out, a folder with `config.json` and safetensors: is it whole, and what is it."""

import hashlib
import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.errors import EngineError

_INDEX = "model.safetensors.index.json"
_LONGEST_HEADER = 100_000_000
_EDGE = 1 << 16


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the folder says. `hidden_size` is the length of its vectors, 0 where it is not told."""

    folder: Path
    architecture: str
    hidden_size: int

    @property
    def identity(self) -> str:
        """Name and fingerprint: other weights in the same folder are another model."""
        seen = print_of(self.folder / "config.json", sorted(self.folder.glob("*.safetensors")))
        return f"{self.folder.name}@{seen}"


def read_checkpoint(folder: Path, *, weights: bool = True) -> Checkpoint:
    """What is in the folder, checked without reading the weights. Raises EngineError where a part is missing or cut."""
    config = read_object(folder, "config.json")
    text = config.get("text_config")
    sizes = [part.get("hidden_size") for part in (config, text) if isinstance(part, dict)]
    if weights:
        for path in _weight_files(folder):
            check_whole(path)
    names = config.get("architectures")
    name = str(names[0]) if isinstance(names, list) and names else "unknown"
    return Checkpoint(folder, name, next((size for size in sizes if isinstance(size, int)), 0))


def print_of(config: Path, weights: Sequence[Path]) -> str:
    """A fingerprint of a configuration and of the sizes and both ends of files of weights."""
    seen = hashlib.sha256(config.read_bytes())
    for path in weights:
        with path.open("rb") as file:
            seen.update(file.read(_EDGE))
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _EDGE))
            seen.update(str(size).encode() + file.read(_EDGE))
    return seen.hexdigest()[:12]


def _weight_files(folder: Path) -> list[Path]:
    if (folder / _INDEX).is_file():
        told = read_object(folder, _INDEX).get("weight_map")
        names = {str(name) for name in told.values()} if isinstance(told, dict) else set()
        if not names:
            raise _broken(folder, f"{_INDEX} names no weights.")
        missing = sorted(name for name in names if not (folder / name).is_file())
        if missing:
            raise _broken(folder, f"{missing[0]} is missing, and {len(missing) - 1} other files.")
        return sorted(folder / name for name in names)
    found = sorted(folder.glob("*.safetensors"))
    if not found and not any(folder.glob("*.bin")):
        raise _broken(folder, "There are no weights: no file ends in .safetensors.")
    return found


def check_whole(path: Path) -> None:
    """Raises EngineError for a safetensors file that was cut short, OSError for one that can not be read.

    The first eight bytes say how long the header is, and the header where the last tensor ends.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if length > _LONGEST_HEADER:
                raise ValueError("the header is too long")
            header: dict[str, Any] = json.loads(file.read(length))
        ends = [int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__"]
    except (struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise _broken(path.parent, f"{path.name} is no safetensors file: {error}.") from error
    needed = 8 + length + max(ends, default=0)
    if size < needed:
        raise _broken(path.parent, f"{path.name} was cut short: {needed - size} of {needed} bytes are missing.")


def read_object(folder: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of the folder. Raises EngineError."""
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise _broken(folder, f"{name} can not be read: {os.strerror(error.errno or 0)}.") from error
    except (ValueError, RecursionError) as error:
        raise _broken(folder, f"{name} is no JSON: {error}.") from error
    if not isinstance(found, dict):
        raise _broken(folder, f"{name} holds no object.")
    return found


def _broken(folder: Path, cause: str) -> EngineError:
    return EngineError(
        f"The model in {folder} can not be used.", cause, "Fetch it again, or correct `model` in famulus.toml."
    )
