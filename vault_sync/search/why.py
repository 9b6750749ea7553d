"""Where one note stands for a query: its rank in each lane and after fusion, however far down, and why."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from vault_sync.index.ledger import Ledger
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.search.filter import Filter
from vault_sync.search.fusion import Hit
from vault_sync.search.search import Passage, Searcher
from vault_sync.search.snippet import snippet
from vault_sync.search.terms import roots, tokens
from vault_sync.search.wording import frequencies, telling
from vault_sync.text import stem

Where = Literal["text", "name", "note", "elsewhere", "nowhere"]
"""Where a word of the query stands: in the closest chunk's text; in the names of its note or its headings; in another
chunk of the note; only in other notes; in no note that may be found."""

ABOVE = 3
MOST_WORDS = 64


@dataclass(frozen=True, slots=True)
class LaneRank:
    """The best chunk of the note in one lane: its rank (from 1, None: not matched) among `of`, and the lane's score."""

    rank: int | None
    of: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the query, where it stands, and how many chunks of the vault hold it. A word that is in too many of
    them is not `looked_for` where the query has rarer ones."""

    text: str
    where: Where
    chunks: int
    looked_for: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a note stands. `rank` counts passages as search shows them, from 1; None where neither lane had it among its first
    hundred. `weight` is the lexical lane's share of the score."""

    rank: int | None
    of: int
    score: float | None
    weight: float
    lexical: LaneRank
    dense: LaneRank
    closest: Occurrence
    snippet: str
    words: tuple[Word, ...]
    above: tuple[Passage, ...]


def standing(
    searcher: Searcher,
    ledger: Ledger,
    query: str,
    note: NoteRecord,
    filter: Filter = Filter(),  # noqa: B008 — it is frozen
) -> Standing | None:
    """Where the note stands for the query among what may be found; None where it has no chunk there."""
    own = {chunk.id: chunk for chunk in ledger.occurrences_of(note.path)}
    allowed = ledger.allowed(filter)
    own = own if allowed is None else {i: chunk for i, chunk in own.items() if i in allowed}
    if not own or not query.strip():
        return None
    lanes, whole = searcher.cut_and_whole(query, filter)
    by_words, worded = _place(lanes.words.hits, whole.words.hits, own)
    by_meaning, meant = _place(lanes.vectors, whole.vectors, own)
    fused = searcher.ordered(lanes, query)
    rank, hit = next(((n, hit) for n, hit in enumerate(fused, 1) if hit.occurrence in own), (None, None))
    closest = own[hit.occurrence if hit else meant or worded or min(own)]
    return Standing(
        rank=rank,
        of=len(fused),
        score=hit.score if hit else None,
        weight=lanes.weight,
        lexical=by_words,
        dense=by_meaning,
        closest=closest,
        snippet=snippet(closest.text, query),
        words=tuple(_words(searcher, ledger, query, note, closest, own.values())),
        above=tuple(searcher.passages(lanes, query, min(ABOVE, (rank or ABOVE + 1) - 1), fused)),
    )


def _place(cut: Sequence[Hit], whole: Sequence[Hit], own: Collection[int]) -> tuple[LaneRank, int | None]:
    """The best chunk among `own` in a lane, and which one it is.

    What search itself saw counts first: the whole lane is ordered by other lengths, or without the index's shortcuts,
    and must not rank a chunk among the first that search did not find there.
    """
    found, occurrence = _best(cut, own)
    if found.rank is None:
        found, occurrence = _best(whole, own)
        found = replace(found, rank=found.rank and max(found.rank, len(cut) + 1))
    return replace(found, of=max(len(whole), len(cut))), occurrence


def _best(hits: Sequence[Hit], own: Collection[int]) -> tuple[LaneRank, int | None]:
    for rank, (occurrence, score) in enumerate(hits, start=1):
        if occurrence in own:
            return LaneRank(rank, len(hits), score), occurrence
    return LaneRank(None, len(hits)), None


def _words(
    searcher: Searcher, ledger: Ledger, query: str, note: NoteRecord, closest: Occurrence, chunks: Iterable[Occurrence]
) -> Iterator[Word]:
    """The different words of the query, in its order."""
    asked: dict[str, str] = {}
    for token in tokens(query):
        asked.setdefault(stem(token), token)
    asked = dict(islice(asked.items(), MOST_WORDS))
    counts = frequencies(ledger.read(), asked)
    rows, sought = searcher.spread(asked), telling(counts)
    places: list[tuple[Where, set[str]]] = [
        ("text", set(roots(closest.text))),
        ("name", set(roots(" ".join((note.title, *note.aliases, *closest.heading))))),
        ("note", {root for chunk in chunks for root in roots(" ".join((*chunk.heading, chunk.text)))}),
    ]
    for root, token in asked.items():
        where: Where = next((place for place, held in places if root in held), "elsewhere" if rows[root] else "nowhere")
        yield Word(token, where, rows[root], root in sought)
