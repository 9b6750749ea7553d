"""What became of notes in a stretch of time, told from the log of single changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vault_sync.index.records import ChangeRecord
from vault_sync.paths import VaultPath


@dataclass(frozen=True, slots=True)
class Changes:
    """Notes by what became of them, each once; `renamed` holds the old and the new path.

    `told` holds for changed notes the last new sentence that the log knows of.
    """

    new: tuple[VaultPath, ...] = ()
    changed: tuple[VaultPath, ...] = ()
    renamed: tuple[tuple[VaultPath, VaultPath], ...] = ()
    deleted: tuple[VaultPath, ...] = ()
    told: tuple[tuple[VaultPath, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.renamed or self.deleted)

    @property
    def present(self) -> tuple[VaultPath, ...]:
        """The notes that are there to be read."""
        return (*self.new, *self.changed, *(now for _, now in self.renamed))


def collapse(log: Iterable[ChangeRecord]) -> Changes:
    """Sum up a log, oldest first: what was made and deleted again is nothing, a chain of moves is one."""
    origin: dict[VaultPath, VaultPath | None] = {}
    gone: dict[VaultPath, None] = {}
    for change in log:
        if change.kind == "moved" and change.old_path is not None:
            gone.pop(change.path, None)
            origin[change.path] = origin.pop(change.old_path, change.old_path)
        elif change.kind == "deleted":
            before = origin.pop(change.path, change.path)
            if before is not None:
                gone[before] = None
        elif change.kind == "created":
            origin.setdefault(change.path, change.path if change.path in gone else None)
            gone.pop(change.path, None)
        else:
            origin.setdefault(change.path, change.path)
    return _sorted(origin, tuple(gone))


def _sorted(origin: dict[VaultPath, VaultPath | None], gone: Sequence[VaultPath]) -> Changes:
    return Changes(
        new=tuple(sorted(path for path, before in origin.items() if before is None)),
        changed=tuple(sorted(path for path, before in origin.items() if before == path)),
        renamed=tuple(sorted((old, path) for path, old in origin.items() if old is not None and old != path)),
        deleted=tuple(sorted(gone)),
    )
