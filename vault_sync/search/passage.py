"""A passage: a retrieved chunk, and how it is shown for a query. Pure."""

from dataclasses import dataclass

from vault_sync.index.records import Occurrence
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.search.fusion import Fused
from vault_sync.search.snippet import snippet


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved chunk.

    `score` (0..1) orders the passages of one query and says nothing across queries; `similarity` is the cosine
    (-1..1) to the query where the dense lane found it. Ranks count from 1 and are None where a lane did not
    match it. `snippet` is a verbatim part of the note, `aliases` are the note's other names.
    """

    occurrence: int
    path: VaultPath
    title: str
    heading: tuple[str, ...]
    start_line: int
    end_line: int
    span: Span
    text: str
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    snippet: str
    similarity: float | None = None
    is_description: bool = False
    aliases: tuple[str, ...] = ()


def passage_of(occurrence: Occurrence, hit: Fused, similarity: float | None, query: str) -> Passage:
    """The occurrence as a hit of the query; the snippet of an empty query is the beginning of the text."""
    return Passage(
        occurrence=occurrence.id,
        path=occurrence.path,
        title=occurrence.title,
        heading=occurrence.heading,
        start_line=occurrence.start_line,
        end_line=occurrence.end_line,
        span=occurrence.span,
        text=occurrence.text,
        score=hit.score,
        lexical_rank=hit.lexical_rank,
        dense_rank=hit.dense_rank,
        snippet=snippet(occurrence.text, query),
        similarity=similarity,
        is_description=occurrence.is_description,
        aliases=occurrence.aliases,
    )
