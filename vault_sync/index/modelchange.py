"""Another model: its vectors are computed beside those that serve, and their keys kept in the table `upcoming`."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vault_sync.errors import EmbedderError
from vault_sync.index import record
from vault_sync.index.key import vector_key
from vault_sync.index.ledger import NOT_EMBEDDED, Ledger
from vault_sync.notes.note import Chunk
from vault_sync.paths import VaultPath
from vault_sync.ports import Embedder

log = logging.getLogger(__name__)

AT_ONCE = 32
"""Texts a step: a note that is saved meanwhile waits for no more than these."""
NOTES = 64
"""Notes a step."""
TOGETHER = 16
"""Texts a call of the embedder."""

Reader = Callable[[VaultPath], Sequence[Chunk] | None]
"""The chunks of a note that may be embedded: none where policy keeps it from that, None where the note is not the one
that the ledger knows."""
_LACKING = """
    SELECT DISTINCT n.path FROM occurrences o JOIN notes n ON n.id = o.note_id
    WHERE n.indexed_at != 0 AND o.id NOT IN (SELECT occurrence FROM upcoming) ORDER BY n.path
"""
"""Notes that are to be read again come by way of the scan first."""


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """How far a change of the model is: chunks that are done of those that are to do.

    `old` and `new` name the models; `dense` says whether the old one still answers; `problem` why it does not go on.
    """

    old: str
    new: str
    done: int
    total: int
    dense: bool
    problem: str


class ModelChange:
    """Works in small steps; each leaves what it has done in the ledger, so that a later run goes on from there."""

    def __init__(self, ledger: Ledger, embedder: Embedder) -> None:
        self._ledger = ledger
        self._embedder = embedder
        self._todo: deque[VaultPath] = deque()
        self._failed: set[str] = set()
        """Keys of texts that this model can not embed."""
        self.embedded = 0
        self.doubts = False
        """Whether notes were found that the scan has to read first."""

    def progress(self) -> tuple[int, int]:
        """How many chunks are done, and how many there are."""
        sql = "SELECT (SELECT count(*) FROM upcoming), (SELECT count(*) FROM occurrences)"
        done, total = self._ledger.read().execute(sql).fetchone()
        return int(done), int(total)

    def complete(self) -> bool:
        """Whether every chunk has its key."""
        sql = "SELECT 1 FROM occurrences WHERE id NOT IN (SELECT occurrence FROM upcoming) LIMIT 1"
        return self._ledger.read().execute(sql).fetchone() is None

    def step(self, chunks_of: Reader, should_stop: Callable[[], bool]) -> bool:
        """Embed a few texts; whether there was anything to do. Raises EmbedderError where the model does not work."""
        if not self._todo:
            self._todo.extend(VaultPath(row[0]) for row in self._ledger.read().execute(_LACKING))
        read: dict[VaultPath, dict[int, str]] = {}
        texts: dict[str, str] = {}
        while self._todo and len(texts) < AT_ONCE and len(read) < NOTES and not should_stop():
            path = self._todo.popleft()
            keyed = self._keyed(path, chunks_of)
            if keyed is None:
                record.doubt(self._ledger, [path])
                self.doubts = True
                continue
            read[path] = {occurrence: key for occurrence, (key, _) in keyed.items()}
            known = self._ledger.known_keys(key for key, _ in keyed.values()) | self._failed
            texts |= {key: text for key, text in keyed.values() if key and key not in known}
        if not read:
            return bool(self._todo)
        self._embed(texts, should_stop)
        self._record(read)
        return True

    def _keyed(self, path: VaultPath, chunks_of: Reader) -> dict[int, tuple[str, str]] | None:
        """Key and text by occurrence; None where the note is not the one that the ledger knows."""
        own, chunks = self._ledger.occurrences_of(path), chunks_of(path)
        if chunks is None:
            return None
        if not chunks:
            return {occurrence.id: (NOT_EMBEDDED, "") for occurrence in own}
        if [(each.heading, each.text) for each in own] != [(tuple(each.heading), each.text) for each in chunks]:
            return None
        spec = self._embedder.spec
        return {
            occurrence.id: (vector_key(spec, chunk.embed_text), chunk.embed_text)
            for occurrence, chunk in zip(own, chunks, strict=True)
        }

    def _embed(self, texts: Mapping[str, str], should_stop: Callable[[], bool]) -> None:
        """The first of these texts, those of like length together; the rest comes with the next step."""
        keys = sorted(list(texts)[:AT_ONCE], key=lambda key: len(texts[key]))
        for start in range(0, len(keys), TOGETHER):
            if should_stop():
                return
            self._embed_together({key: texts[key] for key in keys[start : start + TOGETHER]})

    def _embed_together(self, texts: Mapping[str, str]) -> None:
        try:
            vectors = self._embedder.embed_passages(list(texts.values()))
        except EmbedderError as error:
            if len(texts) > 1:
                for key, text in texts.items():
                    self._embed_together({key: text})
                return
            self._embedder.embed_query("?")  # raises where it is not this text, but the model that fails
            log.warning("A text can not be embedded by the new model: %s", error)
            self._failed.update(texts)
            return
        record.put_vectors(self._ledger, list(texts), vectors)
        self.embedded += len(texts)

    def _record(self, read: dict[VaultPath, dict[int, str]]) -> None:
        """Keep the keys of the notes that are done; the others are read again."""
        known = self._ledger.known_keys(key for keys in read.values() for key in keys.values()) | {NOT_EMBEDDED}
        done: dict[int, str] = {}
        for path, keys in reversed(read.items()):
            if all(key in known or key in self._failed for key in keys.values()):
                done |= {occurrence: key if key in known else NOT_EMBEDDED for occurrence, key in keys.items()}
            else:
                self._todo.appendleft(path)
        with self._ledger.database.write() as connection:
            connection.executemany("INSERT OR REPLACE INTO upcoming VALUES (?, ?)", done.items())
