"""Links to notes of this vault: the nicest spelling that leads there from the note that it stands in."""

from collections import Counter

from agents.links.linkform import Form, Goal, spellings
from agents.links.wikilink import first_link
from vault_sync.index.ledger import Ledger
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import NOTE_SUFFIX, VaultPath, title_of
from vault_sync.text import fold


class LinkPaths:
    """Writes links in one form. Knows which note names are ambiguous; counts them again when notes come or go."""

    def __init__(self, ledger: Ledger, form: Form = "wikilink", vault: str = "") -> None:
        """Reads the given ledger; `vault` is what Obsidian calls the vault in its URLs."""
        self.form = form
        self._ledger = ledger
        self._vault = vault
        self._titles: tuple[Resolver, Counter[str]] | None = None

    def of(self, target: VaultPath) -> str:
        """The note's name, or its path without `.md` where another note has the same name."""
        resolver = self._ledger.resolver()
        if self._titles is None or self._titles[0] is not resolver:
            self._titles = (resolver, Counter(fold(title_of(path)) for path in self._ledger.paths()))
        title = title_of(target)
        return title if self._titles[1][fold(title)] <= 1 else target[: -len(NOTE_SUFFIX)]

    def to(
        self,
        target: VaultPath,
        source: VaultPath,
        *,
        heading: str = "",
        block: str = "",
        text: str = "",
        table: bool = False,
    ) -> str:
        """A link from the note `source` that shows `text` (empty: the title); in a `table` its bar is escaped."""
        goal = Goal(target, heading, block)
        name, link = self.of(target), ""
        for link in spellings(self.form, goal, source, name=name, vault=self._vault, text=text, table=table):
            if leads(link, target, source, self._ledger.resolver()):
                break
        return link


def leads(link: str, target: VaultPath, source: VaultPath, resolver: Resolver) -> bool:
    """Whether a link in the note `source` leads to `target`."""
    found = first_link(link)
    return found is not None and resolver.resolve(found.parts.target, source) == target
