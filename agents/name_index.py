"""The names of all notes that may be linked, as the ledger knows them, kept up to date by its log of changes."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from threading import Lock
from typing import Any

from agents.linkpaths import LinkPaths
from agents.mention.name import Entry
from agents.mention.names import Layers
from vault_sync.ledger import Ledger, Version, parts
from vault_sync.linktext import read_wikilink
from vault_sync.paths import VaultPath, is_note
from vault_sync.policy import Policy, PolicySource
from vault_sync.text import fold


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
        self._known: tuple[Version, str, Layers] | None = None
        self._into: defaultdict[VaultPath, dict[VaultPath, tuple[str, ...]]] = defaultdict(dict)
        """By target and source, what the links of a note show."""
        self._out: dict[VaultPath, frozenset[VaultPath]] = {}

    def current(self) -> Layers:
        """The names; read from the ledger where notes changed since the last call."""
        policy = self._policy.current
        with self._lock:
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
        return Layers(self._entries(None, policy), self._resolve, self._links_as.to)

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
        sql = "SELECT n.id, n.path, n.title, n.aliases FROM notes n WHERE n.state = 'indexed' AND n.digest = ''"
        sql += " AND EXISTS (SELECT 1 FROM occurrences o WHERE o.note_id = n.id)"
        headings = self._headings_of(paths)
        digests = self._digests()
        found = {}
        for note_id, written, title, aliases in self._rows(sql, paths):
            path = VaultPath(written)
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
            yield from self._ledger.read().execute(sql)
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
