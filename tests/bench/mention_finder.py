"""Famulus's own finder of mentions, as the benchmarks and the written sentences ask it."""

from collections.abc import Callable, Collection, Sequence

from agents.mentions import Context, Entry, Names, find_mentions
from tests.bench.linked_vaults import LinkedVault, WrittenLink
from tests.mention_cases import Found, vault
from vault_sync.note import Note
from vault_sync.paths import title_of


def finder(linked: LinkedVault, hidden: Collection[WrittenLink] = ()) -> Callable[[Note], Sequence[Found]]:
    """Finds mentions in a vault in which `hidden` links were never made."""
    left = [link for link in linked.links if link not in set(hidden)]
    anchors: dict[str, list[str]] = {}
    for link in left:
        anchors.setdefault(link.target, []).append(link.shown)
    entries = [
        Entry(path, title_of(path), note.aliases, tuple(h.text for h in note.headings), tuple(anchors.get(path, ())))
        for path, note in linked.notes.items()
    ]
    return _finder(Names.build(entries), None)


def written_finder(language: str) -> Callable[[Note], Sequence[Found]]:
    """Finds mentions of the notes that the written sentences name."""
    notes = vault(language).values()
    return _finder(Names.build(Entry(n.path, title_of(n.path), n.aliases, n.headings) for n in notes), None)


def _finder(names: Names, context: Context | None) -> Callable[[Note], Sequence[Found]]:
    def find(note: Note) -> list[Found]:
        return [Found(m.span, m.target, m.heading or "") for m in find_mentions(note, names, context=context)]

    return find
