"""Who links to whom, kept in memory: asking SQLite for each of a hundred candidates takes longer than all else.

Links of managed sections and comments are not in it, as they are not in the ledger; a note's links to itself are not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import NamedTuple

from vault_sync.index.ledger import Ledger, Version, parts
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, folder_of, title_of
from vault_sync.text import fold

NOBODY: frozenset[VaultPath] = frozenset()
_AT_ONCE = 300
"""Changed notes from which on reading all links again is quicker."""


class LinkGraph:
    """Targets and sources of each note's links, and how many links lead from folder to folder."""

    def __init__(self, links: Mapping[VaultPath, frozenset[VaultPath]]) -> None:
        """`links` are the targets by source."""
        self._out: dict[VaultPath, frozenset[VaultPath]] = {}
        self._into: defaultdict[VaultPath, frozenset[VaultPath]] = defaultdict(frozenset)
        self._between: Counter[tuple[str, str]] = Counter()
        self.count = 0
        """How many links there are, each pair of notes counted once."""
        sources: defaultdict[VaultPath, set[VaultPath]] = defaultdict(set)
        for source, targets in links.items():
            for target in targets:
                sources[target].add(source)
        for source, targets in links.items():
            self._count(source, targets, 1)
        self._out = {source: targets for source, targets in links.items() if targets}
        self._into.update((target, frozenset(found)) for target, found in sources.items())

    def targets(self, path: VaultPath) -> frozenset[VaultPath]:
        """The notes that this one links to."""
        return self._out.get(path, NOBODY)

    def sources(self, path: VaultPath) -> frozenset[VaultPath]:
        """The notes that link to this one."""
        return self._into.get(path, NOBODY)

    def between(self, one: str, other: str) -> int:
        """How many links lead from notes in the folder `one` to notes in `other`, subfolders left out."""
        return self._between[one, other]

    def put(self, source: VaultPath, targets: frozenset[VaultPath]) -> None:
        """These are the note's links now."""
        before = self.targets(source)
        self._count(source, before - targets, -1)
        self._count(source, targets - before, 1)
        for target in before - targets:
            self._into[target] -= {source}
        for target in targets - before:
            self._into[target] |= {source}
        self._out[source] = targets

    def without(self, source: VaultPath, targets: frozenset[VaultPath]) -> "LinkGraph":
        """A copy in which the note does not link to these."""
        copy = LinkGraph({})
        copy._out, copy._into = dict(self._out), defaultdict(frozenset, self._into)
        copy._between, copy.count = Counter(self._between), self.count
        copy.put(source, self.targets(source) - targets)
        return copy

    def _count(self, source: VaultPath, targets: Iterable[VaultPath], step: int) -> None:
        home = folder_of(source)
        for target in targets:
            self._between[home, folder_of(target)] += step
            self.count += step


class _State(NamedTuple):
    """What the graph was read of: the ledger's version, and the id of its newest note."""

    version: Version
    newest: int


class LinkGraphs:
    """Keeps the graph of a ledger up to date; safe to call in threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._known: tuple[_State, LinkGraph] | None = None

    def current(self) -> LinkGraph:
        """The graph as it is now. It is changed in place when notes change: hold it for one look only."""
        with self._lock:
            now, known = self._state(), self._known
            if known is None or known[0].version[1] != now.version[1]:
                graph = LinkGraph(self._all())
            else:
                graph = known[1] if known[0] == now else self._after(known[1], known[0])
            self._known = now, graph
            return graph

    def _state(self) -> _State:
        newest = self._ledger.read().execute("SELECT coalesce(max(id), 0) FROM notes").fetchone()[0]
        return _State(self._ledger.version(), newest)

    def _all(self) -> dict[VaultPath, frozenset[VaultPath]]:
        return self._links("SELECT n.path, l.target FROM links l JOIN notes n ON n.id = l.note_id", ())

    def _after(self, graph: LinkGraph, then: _State) -> LinkGraph:
        read = self._ledger.read()
        rows = read.execute("SELECT kind, path, old_path FROM changes WHERE id > ?", (then.version[0],)).fetchall()
        edited = {VaultPath(path) for _, path, _ in rows}
        # Where a note came, went or moved, links to its name may lead elsewhere now.
        named = {VaultPath(p) for kind, *paths in rows if kind != "modified" for p in paths if p}
        named |= {VaultPath(row[0]) for row in read.execute("SELECT path FROM notes WHERE id > ?", (then.newest,))}
        changed = edited | named | self._naming(named)
        if len(changed) > _AT_ONCE:
            return LinkGraph(self._all())
        now = self._of(changed)
        for path in changed:
            graph.put(path, now.get(path, NOBODY))
        return graph

    def _naming(self, paths: Iterable[VaultPath]) -> set[VaultPath]:
        """The notes with a link that may mean one of these."""
        found: set[VaultPath] = set()
        for part in parts(list({fold(title_of(path)) for path in paths})):
            marks = ",".join("?" * len(part))
            sql = f"SELECT n.path FROM links l JOIN notes n ON n.id = l.note_id WHERE l.name IN ({marks})"
            found.update(VaultPath(row[0]) for row in self._ledger.read().execute(sql, part))
        return found

    def _of(self, paths: Iterable[VaultPath]) -> dict[VaultPath, frozenset[VaultPath]]:
        found: dict[VaultPath, frozenset[VaultPath]] = {}
        for part in parts(list(paths)):
            marks = ",".join("?" * len(part))
            sql = f"SELECT n.path, l.target FROM links l JOIN notes n ON n.id = l.note_id WHERE n.path IN ({marks})"
            found |= self._links(sql, part)
        return found

    def _links(self, sql: str, values: Iterable[str]) -> dict[VaultPath, frozenset[VaultPath]]:
        resolver: Resolver = self._ledger.resolver()
        found: defaultdict[VaultPath, set[VaultPath]] = defaultdict(set)
        for source, written in self._ledger.read().execute(sql, tuple(values)):
            target = resolver.resolve(written, source)
            if target is not None and target != source:
                found[VaultPath(source)].add(target)
        return {source: frozenset(targets) for source, targets in found.items()}
