"""Links to notes by the shortest name that names only them."""

from collections import Counter

from vault_sync.ledger import Ledger
from vault_sync.paths import NOTE_SUFFIX, VaultPath, title_of
from vault_sync.resolve import Resolver
from vault_sync.text import fold


class LinkPaths:
    """Knows which note names are ambiguous in the vault; counts them again when notes come or go."""

    def __init__(self, ledger: Ledger) -> None:
        """Reads the given ledger."""
        self._ledger = ledger
        self._titles: tuple[Resolver, Counter[str]] | None = None

    def of(self, target: VaultPath) -> str:
        """The note's name, or its path without `.md` where another note has the same name."""
        resolver = self._ledger.resolver()
        if self._titles is None or self._titles[0] is not resolver:
            self._titles = (resolver, Counter(fold(title_of(path)) for path in self._ledger.paths()))
        title = title_of(target)
        return title if self._titles[1][fold(title)] <= 1 else target[: -len(NOTE_SUFFIX)]
