"""What should stand before a chunk's text when it is embedded: nothing, its headings, the note's names, sentences before it.

    python -m tests.bench.headers

Headers are measured on documents whose title is the note's name, and on real vaults: headings as queries for their
note, and the words around a link, without the link, as queries for its target. Overlap is measured where a chunk
alone may not say what it is about: articles as one long section, and the chunk that holds the answer as the target.
"""

import json
import random
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.judged import FIXTURES, JudgedSet, load
from tests.bench.vaults import NAMES
from vault_sync.index import record
from vault_sync.index.key import vector_key
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import FileStamp
from vault_sync.notes.chunk import chunk_note, joined_path
from vault_sync.notes.note import Chunk, Note
from vault_sync.notes.parse import parse_note
from vault_sync.notes.visible import visible
from vault_sync.paths import VaultPath, vault_path
from vault_sync.search.search import Mode, Passage, Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.text import fold, sentences, words
from vault_sync.writing.edit import content_hash

DOCUMENTS, NOTES, QUERIES = 300, 120, 200
"""At most so many of each collection: what is compared is the same text in several forms, so each costs much."""
DEPTH, LOOKED_AT = 10, 40
MODES: tuple[Mode, ...] = ("dense", "hybrid")


@dataclass(frozen=True, slots=True)
class Query:
    """`target` is a note, and with an `offset` the chunk of it that holds this code point; `source` is left out."""

    text: str
    target: VaultPath
    offset: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """Notes with queries of several kinds."""

    name: str
    notes: tuple[Note, ...]
    queries: Mapping[str, Sequence[Query]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Recall and reciprocal rank in the first ten notes (or chunks); `embedded` counts the different texts."""

    collection: str
    queries: str
    variant: str
    mode: Mode
    recall: float
    mrr: float
    embedded: int


Cut = Callable[[Note], list[Chunk]]


def with_header(header: Callable[[Note, Chunk], str]) -> Cut:
    """Chunks as the product cuts them, with another header before their text."""

    def cut(note: Note) -> list[Chunk]:
        found = []
        for chunk in chunk_note(note):
            parts = (header(note, chunk), visible(chunk.text))
            found.append(replace(chunk, embed_text="\n".join(part for part in parts if part)))
        return found

    return cut


def _names(note: Note, chunk: Chunk) -> str:
    """Title and headings, the title not twice."""
    path = chunk.heading if chunk.heading[:1] == (note.title,) else (note.title, *chunk.heading)
    return joined_path(path)


def _all_names(note: Note, chunk: Chunk) -> str:
    more = ", ".join((*note.aliases, *(tag.replace("/", " ") for tag in note.tags)))[:200]
    return f"{_names(note, chunk)} ({more})" if more else _names(note, chunk)


HEADERS: Mapping[str, Cut] = {
    "none": with_header(lambda note, chunk: ""),
    "headings": with_header(lambda note, chunk: joined_path(chunk.heading)),
    "title, headings": with_header(_names),
    "title, headings, aliases, tags": with_header(_all_names),
}


def overlapping(count: int) -> Cut:
    """Every chunk but the first under a heading with the last sentences of the one before."""

    def cut(note: Note) -> list[Chunk]:
        found = list(HEADERS["headings"](note))
        for before, chunk in pairwise(chunk_note(note)):
            if count and before.heading == chunk.heading:
                said = visible(before.text)
                last = " ".join(said[span.start : span.end] for span in sentences(said)[-count:])
                parts = (joined_path(chunk.heading), last, visible(chunk.text))
                found[chunk.ordinal] = replace(chunk, embed_text="\n".join(part for part in parts if part))
        return found

    return cut


OVERLAPS: Mapping[str, Cut] = {
    "no sentence": overlapping(0),
    "one sentence": overlapping(1),
    "two sentences": overlapping(2),
    "one where the chunk refers back": lambda note: list(chunk_note(note)),
}


def documents(name: str) -> Collection:
    """A judged set, its documents called by their titles; of a large one those that are judged, and some others."""
    judged = load(name)
    wanted = _sampled(judged)
    notes, paths = [], {}
    for document in judged.documents:
        if document.id in wanted:
            paths[document.id] = vault_path(f"{document.id}.md")
            note = parse_note(paths[document.id], document.text.encode())
            notes.append(replace(note, title=document.title.replace("_", " ").strip()))
    queries = [
        Query(judged.queries[query], paths[document])
        for query, relevant in judged.relevant.items()
        for document in list(relevant)[:1]
        if document in paths
    ]
    return Collection(name, tuple(notes), {"questions": _some(queries)})


def _sampled(judged: JudgedSet) -> set[str]:
    first = [next(iter(relevant)) for relevant in judged.relevant.values()]
    rest = [document.id for document in judged.documents]
    random.Random(1).shuffle(rest)
    return set([*dict.fromkeys(first), *rest][:DOCUMENTS])


def vault(name: str) -> Collection:
    """A real vault with queries made of its headings, and of the words around its links."""
    root = FIXTURES / "vaults" / name
    notes = []
    for file in sorted(root.rglob("*.md")):
        relative = file.relative_to(root).as_posix()
        if not any(part.startswith(".") for part in file.relative_to(root).parts):
            notes.append(parse_note(vault_path(relative), file.read_bytes()))
    targets = Counter(row["target"] for row in _rows(name))
    notes.sort(key=lambda note: (-targets[note.path], note.path))
    notes = notes[:NOTES]
    return Collection(name, tuple(notes), {"headings": _some(_headings(notes)), "links": _some(_links(name, notes))})


def _headings(notes: Sequence[Note]) -> list[Query]:
    """Headings that only one note has, and that are not its name."""
    found: defaultdict[str, set[VaultPath]] = defaultdict(set)
    for note in notes:
        for heading in note.headings:
            if len(words(heading.text)) > 1 and fold(heading.text) not in fold(note.title):
                found[heading.text].add(note.path)
    return [Query(text, next(iter(paths))) for text, paths in found.items() if len(paths) == 1]


def _rows(name: str) -> list[dict[str, Any]]:
    file = FIXTURES / "vaults" / f"{name}.links.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _links(name: str, notes: Sequence[Note]) -> list[Query]:
    known = {note.path: note for note in notes}
    queries = []
    for row in _rows(name):
        source, target = vault_path(row["source"]), vault_path(row["target"])
        if row["self"] or row["comment"] or row["ambiguous"] or not {source, target} <= known.keys():
            continue
        written = known[source].text.split("\n")[row["line"] - 1]
        said = visible(written.replace(row["raw"], " "))
        if len(words(said)) >= 5:
            queries.append(Query(said[:300], target, source=source))
    return queries


def articles(language: str) -> Collection:
    """Each article a note of one long section. A question's target is the chunk with the answer, or its note."""
    judged = load(f"xquad-sent-{language}")
    text: defaultdict[str, list[str]] = defaultdict(list)
    for document in judged.documents:
        text[_article(document.id)].append(document.text.strip())
    titles = {_article(f"{d.id}-s0"): d.title.replace("_", " ") for d in load("xquad-par-ru2en").documents}
    notes = {
        article: replace(
            parse_note(vault_path(f"{article}.md"), " ".join(said).encode()), title=titles.get(article, article)
        )
        for article, said in text.items()
    }
    where = {document.id: document.text.strip() for document in judged.documents}
    asked = []
    for query, relevant in judged.relevant.items():
        answer = next(iter(relevant))
        note = notes[_article(answer)]
        asked.append(Query(judged.queries[query], note.path, note.text.index(where[answer])))
    asked = _some(asked, 2 * QUERIES)
    by_note = [replace(query, offset=None) for query in asked]
    return Collection(f"xquad articles, {language}", tuple(notes.values()), {"answers": asked, "notes": by_note})


def _article(sentence: str) -> str:
    """`en-07` of `en-07-2-s1`."""
    return sentence.rsplit("-", 2)[0]


def _some(queries: Sequence[Query], most: int = QUERIES) -> list[Query]:
    chosen = list(dict.fromkeys(queries))
    random.Random(2).shuffle(chosen)
    return chosen[:most]


def measure(collection: Collection, variants: Mapping[str, Cut], embedder: CachedEmbedder) -> list[Outcome]:
    """All variants on one collection."""
    outcomes = []
    for variant, cut in variants.items():
        with tempfile.TemporaryDirectory() as folder:
            ledger, searcher, embedded = _indexed(collection.notes, cut, embedder, Path(folder))
            for kind, queries in collection.queries.items():
                for mode in MODES:
                    ranks = [_rank(searcher.search(query.text, LOOKED_AT, mode), query) for query in queries]
                    found = [rank for rank in ranks if rank]
                    recall = len(found) / len(ranks)
                    mrr = statistics.fmean(1 / rank if rank else 0.0 for rank in ranks)
                    outcomes.append(Outcome(collection.name, kind, variant, mode, recall, mrr, embedded))
            ledger.close()
    return outcomes


def _indexed(notes: Sequence[Note], cut: Cut, embedder: CachedEmbedder, folder: Path) -> tuple[Ledger, Searcher, int]:
    ledger, store = Ledger(folder / "index.db"), MemoryStore()
    texts: dict[str, str] = {}
    with ledger.database.write():
        for note in notes:
            keyed = [record.Keyed(chunk, vector_key(embedder.spec, chunk.embed_text)) for chunk in cut(note)]
            texts |= {each.key: each.chunk.embed_text for each in keyed}
            record.put_note(ledger, FileStamp(note.path, 0, 0), content_hash(note.text.encode()), note, keyed)
        record.put_vectors(ledger, list(texts), embedder.embed_passages(list(texts.values())))
    ids = [int(row[0]) for row in ledger.read().execute("SELECT id FROM occurrences ORDER BY id")]
    store.add(ids, ledger.vectors(ids))
    return ledger, Searcher(ledger, store, embedder), len(texts)


def _rank(passages: Sequence[Passage], query: Query) -> int:
    """From 1; 0 where it is not among the first ten. Notes are counted once, chunks each."""
    seen: dict[object, None] = {}
    for passage in passages:
        if passage.path == query.source:
            continue
        seen.setdefault(passage.path if query.offset is None else passage.occurrence)
        hit = query.offset is None or query.offset in passage.span
        if passage.path == query.target and hit:
            return len(seen) if len(seen) <= DEPTH else 0
    return 0


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: of each kind of variants a table, one row a collection, kind of query and lane."""
    return "\n\n".join(
        _rows_of([o for o in outcomes if o.variant in variants], list(variants))
        for variants in (HEADERS, OVERLAPS)
        if any(o.variant in variants for o in outcomes)
    )


def _rows_of(outcomes: Sequence[Outcome], variants: Sequence[str]) -> str:
    lines = [f"| collection | queries | lane | {' | '.join(variants)} |", "|---|---|---|" + "---|" * len(variants)]
    for key in dict.fromkeys((o.collection, o.queries, o.mode) for o in outcomes):
        row = {o.variant: o for o in outcomes if (o.collection, o.queries, o.mode) == key}
        cells = " | ".join(f"{row[v].recall:.3f}, {row[v].mrr:.3f}" if v in row else "" for v in variants)
        lines.append(f"| {' | '.join(key)} | {cells} |")
    return "\n".join(lines)


def compare() -> list[Outcome]:
    """Headers on documents, vaults and articles; overlaps on articles."""
    embedder = CachedEmbedder(E5Embedder())
    sets = (*(documents(name) for name in ("scifact", "xquad-par-ru2en")), *(vault(name) for name in NAMES))
    english, russian = articles("en"), articles("ru")
    outcomes = [outcome for one in (*sets, english) for outcome in measure(one, HEADERS, embedder)]
    return outcomes + [o for one in (english, russian) for o in measure(one, OVERLAPS, embedder)]


if __name__ == "__main__":
    print(table(compare()))
