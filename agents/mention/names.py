"""By which names the notes of a vault may be mentioned: of plain data, or following a vault that changes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from agents.links.linkform import Goal, spellings
from agents.links.linkpaths import leads
from agents.mention.automaton import Automaton
from agents.mention.name import Entry, Name
from agents.mention.tokens import Token
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import NOTE_SUFFIX, VaultPath, title_of
from vault_sync.text import fold

Resolve = Callable[[str, VaultPath], VaultPath | None]
"""The note that a link's target leads to from a note."""


class Write(Protocol):
    """Writes a link, as `Known.written`."""

    def __call__(self, target: VaultPath, source: VaultPath, *, heading: str, text: str, table: bool) -> str:
        """See there."""
        ...


_SMALL, _SHARE = 300, 0.05
"""Changed notes from which on the large layer is made anew, and their share of all."""


class Known(Protocol):
    """What finding mentions asks of names."""

    def matches(self, words: Sequence[Token | None]) -> Iterator[tuple[int, int, list[Name]]]:
        """Where names may stand in a sequence of words: the first word, the one after the last, and the names.

        None in the sequence is a break. The stems fit; whether the words do, `form_of` says.
        """
        ...

    def resolve(self, written: str, source: VaultPath) -> VaultPath | None:
        """The note that a link's target leads to from `source`, None where it is none of these."""
        ...

    def written(self, target: VaultPath, source: VaultPath, *, heading: str, text: str, table: bool) -> str:
        """A link from the note `source` that shows `text`; in a `table` its bar is escaped."""
        ...


class Names:
    """The names of some notes, once and for all."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Use `build`."""
        self._automaton = Automaton(entries)
        self._titles = Counter(fold(title_of(entry.path)) for entry in entries)
        self._resolver = Resolver(entry.path for entry in entries)

    @classmethod
    def build(cls, entries: Iterable[Entry]) -> "Names":
        """The names of these notes. Two notes may share a name: it is then ambiguous."""
        return cls(list(entries))

    def matches(self, words: Sequence[Token | None]) -> Iterator[tuple[int, int, list[Name]]]:
        """As `Known.matches`."""
        return self._automaton.matches(words)

    def resolve(self, written: str, source: VaultPath) -> VaultPath | None:
        """As `Known.resolve`."""
        return self._resolver.resolve(written, source)

    def written(self, target: VaultPath, source: VaultPath, *, heading: str, text: str, table: bool) -> str:
        """As `Known.written`, a wikilink wherever one can be written."""
        title = title_of(target)
        name = title if self._titles[fold(title)] <= 1 else target[: -len(NOTE_SUFFIX)]
        ways = spellings("wikilink", Goal(target, heading), source, name=name, text=text, table=table)
        return next(link for link in ways if leads(link, target, source, self._resolver))


class Layers:
    """Names that change: a large layer that is made seldom, and a small one over it of what changed since."""

    def __init__(
        self,
        entries: Mapping[VaultPath, Entry],
        resolve: Resolve,
        write: Write,
        paced: Callable[[Iterable[Entry]], Iterable[Entry]] = iter,
    ) -> None:
        """`entries` by the path of their note; `resolve` and `write` are as in `Known`. The large layer is made of what
        `paced` gives, which may take its time.
        """
        self.resolve = resolve
        self.written = write
        self._entries = dict(entries)
        self._paced = paced
        self._base, self._top = Automaton(paced(self._entries.values())), Automaton(())
        self._changed: set[VaultPath] = set()

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def put(self, entries: Mapping[VaultPath, Entry | None]) -> bool:
        """These notes are called so now; None is for one that can not be linked any more. False where nothing is new."""
        new = {path: entry for path, entry in entries.items() if self._entries.get(path) != entry}
        for path, entry in new.items():
            if entry is None:
                del self._entries[path]
            else:
                self._entries[path] = entry
        self._changed |= new.keys()
        if len(self._changed) > max(_SMALL, _SHARE * len(self._entries)):
            self._base, self._changed = Automaton(self._paced(self._entries.values())), set()
        if new:
            self._top = Automaton(self._entries[path] for path in sorted(self._changed & self._entries.keys()))
        return bool(new)

    def matches(self, words: Sequence[Token | None]) -> Iterator[tuple[int, int, list[Name]]]:
        """As `Known.matches`."""
        found: dict[tuple[int, int], list[Name]] = {}
        for first, last, names in self._base.matches(words):
            found.setdefault((first, last), []).extend(n for n in names if n.target not in self._changed)
        for first, last, names in self._top.matches(words):
            found.setdefault((first, last), []).extend(names)
        return ((first, last, names) for (first, last), names in found.items() if names)
