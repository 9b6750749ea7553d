"""How many notes lie in each folder, kept in memory for as long as no note comes, goes or moves."""

from collections import Counter
from collections.abc import Iterable, Iterator

from vault_sync.index.ledger import Ledger
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, folder_of, is_note


class Folders:
    """Counts of notes by folder; `""` is the vault itself."""

    def __init__(self, paths: Iterable[VaultPath]) -> None:
        homes = [folder_of(path) for path in paths if is_note(path)]
        self._own = Counter(homes)
        self._below = Counter(above for home in homes for above in ancestors(home))

    def notes(self, folder: str) -> int:
        """Notes in the folder itself."""
        return self._own[folder]

    def below(self, folder: str) -> int:
        """Notes in the folder and everything below it."""
        return self._below[folder]


def ancestors(folder: str) -> Iterator[str]:
    """The folder, and those that it lies in, up to the vault."""
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def common(one: str, other: str) -> str:
    """The deepest folder that holds both."""
    over = set(ancestors(other))
    return next(folder for folder in ancestors(one) if folder in over)


class FolderCounts:
    """Counts a ledger's folders, again only where they can be others; safe to call in threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: tuple[Resolver, Folders] | None = None

    def current(self) -> Folders:
        """The counts as they are now."""
        resolver, known = self._ledger.resolver(), self._known
        if known is None or known[0] is not resolver:
            known = self._known = resolver, Folders(self._ledger.paths())
        return known[1]
