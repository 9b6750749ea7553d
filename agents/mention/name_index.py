"""The names of all notes that may be linked, as the ledger knows them, kept up to date by its log of changes."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from threading import Event, Lock
from typing import Any, TypeVar

from agents.links.linkpaths import LinkPaths
from agents.mention.name import Entry
from agents.mention.names import Layers
from vault_sync.index.ledger import Ledger, Version, parts
from vault_sync.notes.linktext import read_wikilink
from vault_sync.paths import VaultPath, is_note
from vault_sync.policy.policy import Policy, PolicySource
from vault_sync.text import fold

T = TypeVar("T")
_STEP = 50
"""Rows and notes between two looks at whether somebody waits."""


class NameIndex:
    """Gives the names as they are now. Safe to call in threads; the names that it gives are to be used at once."""

    def __init__(
        self,
        ledger: Ledger,
        policy: PolicySource,
        links: LinkPaths,
        *,
        headings: bool = False,
        ours: Callable[[], Collection[tuple[str, str]]] = lambda: (),
    ) -> None:
        """`policy` says which notes may be linked, `links` how, `headings` whether headings are names, too.

        `ours` are pairs of notes whose link Famulus wrote: such links are no evidence of what the user links.
        """
        self._ledger = ledger
        self._policy = policy
        self._headings = headings
        self._links_as = links
        self._ours = ours
        self._lock = Lock()
        self._wanted = Event()
        """Somebody waits for the names: whoever makes them ahead makes haste."""
        self._hold: Callable[[], bool] = lambda: False
        self._known: tuple[Version, str, Layers] | None = None
        self._into: defaultdict[VaultPath, dict[VaultPath, tuple[str, ...]]] = defaultdict(dict)
        """By target and source, what the links of a note show."""
        self._out: dict[VaultPath, frozenset[VaultPath]] = {}

    def current(self) -> Layers:
        """The names; read from the ledger where notes changed since the last call."""
        self._wanted.set()
        with self._lock:
            return self._current()

    def warm(self, hold: Callable[[], bool]) -> None:
        """Make the names ahead, slowly: `hold` is called between two steps for as long as it is true, until they are
        wanted. Raises what that raises; what was made by then is made again.
        """
        self._wanted.clear()
        with self._lock:
            self._hold = hold
            try:
                self._current()
            finally:
                self._hold = lambda: False

    def forget(self) -> None:
        """Keep no names and no words of links: a note that has some may not be read any more."""
        self._wanted.set()
        with self._lock:
            self._known = None
            self._into.clear()
            self._out.clear()

    def _current(self) -> Layers:
        policy = self._policy.current
        version, known = self._ledger.version(), self._known
        if known is None or known[0][1] != version[1] or known[1] != policy.fingerprint:
            layers = self._all(policy)
        else:
            layers = known[2]
            if known[0] != version:
                self._follow(layers, known[0][0], policy)
        self._known = version, policy.fingerprint, layers
        return layers

    def _all(self, policy: Policy) -> Layers:
        self._into.clear()
        self._out.clear()
        self._put_links(self._links(None))
        return Layers(self._entries(None, policy), self._resolve, self._links_as.to, self._paced)

    def _paced(self, each: Iterable[T]) -> Iterator[T]:
        """The same, with a look now and then at whether somebody else waits for an answer."""
        for number, one in enumerate(each):
            while number % _STEP == 0 and not self._wanted.is_set() and self._hold():
                pass
            yield one

    def _follow(self, layers: Layers, since: int, policy: Policy) -> None:
        rows = self._ledger.read().execute("SELECT path, old_path FROM changes WHERE id > ?", (since,)).fetchall()
        changed = {VaultPath(path) for row in rows for path in row if path}
        touched = set(changed)
        for source in changed:
            for target in self._out.pop(source, ()):
                self._into[target].pop(source, None)
                touched.add(target)
        now = self._links(changed)
        self._put_links(now)
        touched.update(target for shown in now.values() for target in shown)
        entries = self._entries(touched, policy)
        layers.put({path: entries.get(path) for path in touched if path in entries or path in layers})

    def _put_links(self, links: Mapping[VaultPath, Mapping[VaultPath, tuple[str, ...]]]) -> None:
        for source, shown in links.items():
            self._out[source] = frozenset(shown)
            for target, texts in shown.items():
                self._into[target][source] = texts

    def _anchors(self, target: VaultPath) -> tuple[str, ...]:
        return tuple(sorted(text for texts in self._into.get(target, {}).values() for text in texts))

    def _resolve(self, written: str, source: VaultPath) -> VaultPath | None:
        return self._ledger.resolver().resolve(written, source)

    def _links(self, sources: set[VaultPath] | None) -> dict[VaultPath, dict[VaultPath, tuple[str, ...]]]:
        """What the links of these notes (of all) show for their targets, each link once."""
        sql = "SELECT n.path, l.target, l.raw FROM links l JOIN notes n ON n.id = l.note_id WHERE l.kind = 'wikilink'"
        resolver, ours = self._ledger.resolver(), self._ours()
        found: defaultdict[VaultPath, defaultdict[VaultPath, list[str]]] = defaultdict(lambda: defaultdict(list))
        for path, written, raw in self._rows(sql, sources):
            target = resolver.resolve(written, VaultPath(path))
            text = _shown(raw)
            if target is not None and text and target != path and (path, target) not in ours:
                found[VaultPath(path)][target].append(text)
        return {path: {t: tuple(texts) for t, texts in shown.items()} for path, shown in found.items()}

    def _entries(self, paths: set[VaultPath] | None, policy: Policy) -> dict[VaultPath, Entry]:
        """The notes that have a name. One without text is a name only where other notes link it."""
        sql = "SELECT n.id, n.path, n.title, n.aliases, EXISTS (SELECT 1 FROM occurrences o WHERE o.note_id = n.id)"
        sql += " FROM notes n WHERE n.state = 'indexed' AND n.digest = ''"
        headings = self._headings_of(paths)
        digests = self._digests()
        found = {}
        for note_id, written, title, aliases, told in self._rows(sql, paths):
            path = VaultPath(written)
            if not told and not self._into.get(path):
                continue
            if is_note(path) and note_id not in digests and policy.allows(path, "links") and not policy.template(path):
                own = headings.get(note_id, ())
                found[path] = Entry(path, title, tuple(json.loads(aliases)), own, self._anchors(path))
        return found

    def _headings_of(self, paths: set[VaultPath] | None) -> dict[int, tuple[str, ...]]:
        if not self._headings:
            return {}
        sql = "SELECT DISTINCT o.note_id, o.heading FROM occurrences o JOIN notes n ON n.id = o.note_id"
        sql += " WHERE o.heading != '[]'"
        found: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for note_id, heading in self._rows(sql, paths):
            found[note_id].update(dict.fromkeys(json.loads(heading)))
        return {note_id: tuple(texts) for note_id, texts in found.items()}

    def _digests(self) -> set[int]:
        rows = self._ledger.read().execute("SELECT note_id FROM tags WHERE folded = ?", (fold("digest"),))
        return {row[0] for row in rows}

    def _rows(self, sql: str, paths: set[VaultPath] | None) -> Iterator[Any]:
        """The rows for these notes `n`, or for all; `sql` has a WHERE already."""
        if paths is None:
            yield from self._paced(self._ledger.read().execute(sql).fetchall())
            return
        for part in parts(sorted(paths)):
            marks = ",".join("?" * len(part))
            yield from self._ledger.read().execute(f"{sql} AND n.path IN ({marks})", part)


def _shown(raw: str) -> str:
    """What a wikilink shows, empty where that is an embed or says no more than where it leads."""
    parts_of = read_wikilink(raw.removeprefix("[[").removesuffix("]]")) if raw.startswith("[[") else None
    if parts_of is None or parts_of.block:
        return ""
    return parts_of.alias or ("" if parts_of.heading else parts_of.target.rpartition("/")[2])
