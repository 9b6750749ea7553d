"""What the vault's links say of two notes, in one sentence that anybody can check."""

from agents.errors import AgentError
from agents.links.linkpaths import LinkPaths
from agents.reasons.reason import Prompts
from agents.related.candidates import linkable
from vault_sync.index.ledger import Ledger
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import PolicySource

_FEWEST, _MOST = 3, 60
"""Of a note that links to both: with fewer targets it is no list, with more it lists everything."""
_COMMON = 12
"""A note that so many link to says little of two of them."""


class Ties:
    """Says that one note links to the other, that a third links to both, or both to a third."""

    def __init__(self, ledger: Ledger, links: LinkPaths, policy: PolicySource, prompts: Prompts) -> None:
        """Only notes that `policy` lets link are named; `links` writes their links, `prompts` has the sentences."""
        self._ledger = ledger
        self._links = links
        self._policy = policy
        self._prompts = prompts

    def sentence(self, note: VaultPath, target: VaultPath, language: str) -> str:
        """One sentence in `language` for the line of `target` in `note`; empty where there is nothing to say."""
        key, third = self._tie(note, target)
        if not key:
            return ""
        try:
            named = {"note": self._links.to(third, note)} if third else {}
            return self._prompts.phrase(language, key, **named)
        except AgentError:  # the user's own version of the sentences may lack this one
            return ""

    def _tie(self, note: VaultPath, target: VaultPath) -> tuple[str, VaultPath | None]:
        mine, its = self._targets(note), self._targets(target)
        if note in its:
            return "tie-links-here", None
        both = self._sources(note) & self._sources(target) - {note, target}
        sizes = {path: len(self._targets(path)) for path in both}
        lists = sorted((size, path) for path, size in sizes.items() if _FEWEST <= size <= _MOST)
        if found := next((path for _, path in lists if self._may_name(path)), None):
            return "tie-listed", found
        shared = sorted((len(self._sources(path)), path) for path in mine & its - {note, target})
        if found := next((path for count, path in shared if count <= _COMMON and self._may_name(path)), None):
            return "tie-shared", found
        return "", None

    def _targets(self, path: VaultPath) -> set[VaultPath]:
        return {link.target for link in self._ledger.links_from(path)}

    def _sources(self, path: VaultPath) -> set[VaultPath]:
        return {link.source for link in self._ledger.links_to(path)}

    def _may_name(self, path: VaultPath) -> bool:
        record = self._ledger.note(path)
        return record is not None and linkable(record, self._ledger.occurrences_of(path), self._policy.current)
