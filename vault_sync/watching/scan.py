"""Comparing the disk with the ledger: what to read, what is gone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vault_sync.index.records import FileStamp
from vault_sync.paths import VaultPath


@dataclass(frozen=True, slots=True)
class Difference:
    """Paths to look at (new, or with another stamp) and paths that are no longer there; sizes in bytes, as far as known."""

    changed: tuple[VaultPath, ...]
    gone: tuple[VaultPath, ...]
    sizes: Mapping[VaultPath, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.changed) + len(self.gone)


def difference(disk: Mapping[VaultPath, FileStamp], known: Mapping[VaultPath, FileStamp]) -> Difference:
    """What must be read again and what must be forgotten. Newest first, so that a cold start finds recent notes soon."""
    changed = [path for path, stamp in disk.items() if known.get(path) != stamp]
    changed.sort(key=lambda path: -disk[path].mtime_ns)
    gone = tuple(path for path in known if path not in disk)
    return Difference(tuple(changed), gone, {path: disk[path].size for path in changed})


def looks_unmounted(disk: Mapping[VaultPath, FileStamp], known: int, identity: str, known_identity: str | None) -> bool:
    """Whether the vault is more likely unmounted than emptied: nothing is there, notes were, and it is another folder."""
    return not disk and known > 0 and known_identity is not None and identity != known_identity
