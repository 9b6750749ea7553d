"""The kinds of suggestions: for each, who knows its Edits, what policy has to allow, and how it follows moved notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agents.inbox.inbox import Handler
from agents.inbox.suggestion import Suggestion
from agents.mention import mentioner
from agents.properties import properties
from agents.related import link, linked
from agents.sections import sections
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Use


class Moved(Protocol):
    """A suggestion after a note that it is for, or that it names, got another path."""

    def __call__(self, suggestion: Suggestion, old: VaultPath, new: VaultPath) -> Suggestion:
        """The suggestion for, or of, the note under its new path, with the id that it would be proposed with now."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `use` is what the notes that a suggestion names have to be allowed for."""

    handler: Handler
    use: Use
    moved: Moved


def kinds(
    linker: link.Linker,
    mentions: mentioner.Mentioner,
    proposals: properties.Properties,
    made: sections.Sections,
) -> Mapping[str, Kind]:
    """All kinds by their names, which are also the features that the journal knows their writes by."""
    return {
        linked.KIND: Kind(linker, "links", link.moved),
        mentioner.KIND: Kind(mentions, "links", mentioner.moved),
        properties.KIND: Kind(proposals, "notes", lambda suggestion, old, new: properties.moved(suggestion, new)),
        sections.KIND: Kind(made, "notes", sections.moved),
    }
