"""What a plain plugin does: titles and aliases as whole words, whatever their case, the longest first."""

import re
from collections.abc import Iterable, Iterator

from tests.mention_cases import Found
from vault_sync.notes.lines import Spans
from vault_sync.notes.note import Note, Span
from vault_sync.paths import VaultPath, title_of

_WORD = re.compile(r"\w+|[^\w\s]")


class PlainMatcher:
    """Finds names outside frontmatter, code, math, comments, links and headings. A name of two notes is the first one's."""

    def __init__(self, names: Iterable[tuple[str, VaultPath]]) -> None:
        """`names` are titles and aliases, each with its note."""
        self._names: dict[tuple[str, ...], VaultPath] = {}
        for name, path in names:
            self._names.setdefault(tuple(word.lower() for word in _WORD.findall(name)), path)
        self._names.pop((), None)
        self._longest = max(map(len, self._names), default=0)

    def find(self, note: Note) -> list[Found]:
        """The names in a note, in the order of the text."""
        closed = Spans(
            [r.span for r in note.regions] + [link.span for link in note.links] + [h.span for h in note.headings]
        )
        words = list(_WORD.finditer(note.text))
        found, i = [], 0
        while i < len(words):
            size = self._at(words, i) if words[i].start() not in closed else 0
            if size:
                key = tuple(word.group().lower() for word in words[i : i + size])
                span = Span(words[i].start(), words[i + size - 1].end())
                if self._names[key] != note.path and not closed.within(span):
                    found.append(Found(span, self._names[key]))
            i += size or 1
        return found

    def _at(self, words: list[re.Match[str]], start: int) -> int:
        """How many words the longest name has that begins at the word `start`."""
        lowered = [word.group().lower() for word in words[start : start + self._longest]]
        return next((n for n in range(len(lowered), 0, -1) if tuple(lowered[:n]) in self._names), 0)


def names_of(notes: Iterable[Note]) -> Iterator[tuple[str, VaultPath]]:
    """The titles and aliases of notes."""
    return ((name, note.path) for note in notes for name in (title_of(note.path), *note.aliases))
