"""Stores in numbered folders, one a generation."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from vault_sync.ports import ChunkStore

S = TypeVar("S", bound=ChunkStore, covariant=True)


@dataclass(frozen=True)
class StoreFolders(Generic[S]):
    """Stores below `folder`; `make` opens the one in a folder, or makes an empty one."""

    folder: Path
    make: Callable[[Path], S]

    def open(self, generation: int) -> S:
        """The store of a generation. Raises StoreBrokenError where not even an empty one can be made."""
        return self.make(self.folder / str(generation))

    def kept(self) -> set[int]:
        """The generations that have a folder."""
        return {int(path.name) for path in self.folder.glob("*") if path.name.isdecimal()}

    def drop(self, generation: int) -> None:
        """Delete the folder of a generation, whose store must be closed."""
        shutil.rmtree(self.folder / str(generation), ignore_errors=True)

    def close(self) -> None:
        """Nothing is held but by the stores."""
