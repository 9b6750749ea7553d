"""The shapes on the wire. Pydantic stays here and in config; offsets become UTF-16 here and nowhere else."""

import dataclasses
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agents.inbox.suggestion import Suggestion
from daemon.lenient import Lenient
from vault_sync.paths import vault_path
from vault_sync.search.search import Passage
from vault_sync.search.why import Standing, Where
from vault_sync.writing.edit import Edit, Removal, split_mark
from vault_sync.writing.journal import Entry, Selection
from vault_sync.writing.properties import Wanted, wanted

EntryId = Annotated[int, Field(ge=0, lt=2**63)]
"""The number of a write in the journal."""


class Lanes(BaseModel):
    """Ranks from 1, null where the lane did not find the passage."""

    lexical: int | None
    dense: int | None


class SearchResult(BaseModel):
    """One passage."""

    path: str
    title: str
    heading: list[str]
    start_line: int
    end_line: int
    score: float
    lanes: Lanes
    snippet: str


class SearchResults(BaseModel):
    """Passages, best first."""

    results: list[SearchResult]


def search_results(passages: Sequence[Passage]) -> SearchResults:
    """Passages as the API shows them."""
    return SearchResults(
        results=[
            SearchResult(
                path=passage.path,
                title=passage.title,
                heading=list(passage.heading),
                start_line=passage.start_line,
                end_line=passage.end_line,
                score=round(passage.score, 6),
                lanes=Lanes(lexical=passage.lexical_rank, dense=passage.dense_rank),
                snippet=passage.snippet,
            )
            for passage in passages
        ]
    )


class EvalBody(BaseModel):
    """What is to be measured: so many questions of each kind, drawn by a seed; with `compare` also with other weights,
    with `deep` also with other chunk sizes and embedders."""

    model_config = ConfigDict(extra="forbid")

    queries: int = Field(100, ge=1, le=5000)
    seed: int = Field(0, ge=0)
    compare: bool = False
    deep: bool = False


class LaneRank(BaseModel):
    """The note's best chunk in one lane: its rank from 1 among `of`, null where the lane does not match it."""

    rank: int | None
    of: int
    score: float | None


class WhyLanes(BaseModel):
    """Both lanes."""

    lexical: LaneRank
    dense: LaneRank


class QueryWord(BaseModel):
    """A word of the query, where it stands, and how many chunks have it."""

    word: str
    where: Where
    chunks: int
    looked_for: bool


class Closest(BaseModel):
    """The note's chunk that came closest."""

    heading: list[str]
    start_line: int
    end_line: int
    snippet: str


class WhyStanding(BaseModel):
    """Where the note stands after fusion; `rank` is null beyond the first hundred of both lanes."""

    rank: int | None
    of: int
    score: float | None
    weight: float
    lanes: WhyLanes
    closest: Closest
    words: list[QueryWord]
    above: list[SearchResult]


class Why(BaseModel):
    """Why a note was not found, or where it stands."""

    query: str
    path: str | None
    verdict: str
    reason: str
    fix: str
    alike: list[str]
    changed_since: bool
    standing: WhyStanding | None


def why_standing(found: Standing) -> WhyStanding:
    """Where a note stands, as the API shows it."""
    chunk = found.closest
    return WhyStanding(
        rank=found.rank,
        of=found.of,
        score=found.score,
        weight=round(found.weight, 4),
        lanes=WhyLanes(
            lexical=LaneRank(**dataclasses.asdict(found.lexical)), dense=LaneRank(**dataclasses.asdict(found.dense))
        ),
        closest=Closest(
            heading=list(chunk.heading), start_line=chunk.start_line, end_line=chunk.end_line, snippet=found.snippet
        ),
        words=[
            QueryWord(word=word.text, where=word.where, chunks=word.chunks, looked_for=word.looked_for)
            for word in found.words
        ],
        above=search_results(found.above).results,
    )


class EmbeddingRequest(Lenient):
    """OpenAI's request for embeddings; `input_type` chooses the prefix."""

    model_config = ConfigDict(extra="allow")

    model: str
    input: str | list[str]
    dimensions: int | None = Field(None, ge=1)
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["passage", "document", "query"] = "passage"

    @field_validator("input", mode="before")
    @classmethod
    def _is_text(cls, given: Any) -> Any:
        if given == []:
            raise ValueError("it holds no text")
        if isinstance(given, list) and any(isinstance(each, int | list) for each in given):
            raise ValueError(
                "it holds token ids, which count in another model's vocabulary: send text"
                " (in LangChain with check_embedding_ctx_length=False)"
            )
        return given


class PathBody(BaseModel):
    """Names a note."""

    path: str


class SuggestBody(PathBody):
    """Names a note; with tags or a description it proposes them, and says why."""

    tags: list[str] = Field([], max_length=100)
    description: str | None = Field(None, max_length=4000)
    reason: str = Field("", max_length=4000)
    section: str | None = Field(None, max_length=100)
    """The name of the section that is wanted, and nothing else."""

    def goal(self) -> Wanted | None:
        """The properties that it wants, None where it asks for links. Raises BadPropertyError."""
        return wanted(self.tags, self.description) if self.tags or self.description is not None else None


class NameBody(BaseModel):
    """Names a digest by its note's path or title."""

    name: str


def suggestion_json(suggestion: Suggestion, text: str | None = None) -> dict[str, Any]:
    """A suggestion as the API shows it; `text` is the note's text, by which offsets become UTF-16."""
    data = {key: value for key, value in dataclasses.asdict(suggestion).items() if key != "edit"}
    data["edit"] = edit_json(suggestion.edit, text)
    return data


def edit_json(edit: Edit, text: str | None) -> dict[str, Any]:
    """An Edit with its span in UTF-16 units where the note's text is at hand, else in code points."""
    start, end = edit.span.start, edit.span.end
    unit = "code_points"
    if text is not None:
        start, end, unit = utf16(text, start), utf16(text, end), "utf16"
    return {
        "path": edit.path,
        "base_hash": edit.base_hash,
        "span": {"start": start, "end": end, "unit": unit},
        "before": edit.before,
        "after": edit.after,
    }


def edit_request(change: Edit | Removal, before: bytes | None, after_hash: str) -> dict[str, Any]:
    """What a plugin is sent to apply: offsets in UTF-16 units of the text without its byte order mark."""
    request = {"path": change.path, "base_hash": change.base_hash, "after_hash": after_hash}
    if isinstance(change, Removal):
        return {**request, "span": {"start": 0, "end": 0, "unit": "utf16"}, "before": "", "after": "", "remove": True}
    text = split_mark(before)[1] if before is not None else ""
    return {**edit_json(change, text), **request, "remove": False}


class ProofBody(BaseModel):
    """A plugin names the hashes of the notes that it was asked for; null for one that it does not have."""

    plugin: str = Field(min_length=8, max_length=64)
    hashes: dict[str, str | None]


class EditAnswerBody(BaseModel):
    """What a plugin says of an Edit that it was asked to apply."""

    plugin: str = Field(min_length=8, max_length=64)
    id: str
    outcome: Literal["applied", "stale", "busy", "failed"]
    hash: str | None = None
    reason: str = Field("", max_length=1000)


class UndoBody(BaseModel):
    """Which writes to undo: all that fit every field that is given; at least one has to be."""

    model_config = ConfigDict(extra="forbid")

    ids: list[EntryId] = Field([], max_length=10_000)
    path: str = ""
    feature: str = ""
    run: str = ""
    day: date | None = None
    dry_run: bool = False

    def selection(self) -> Selection:
        """The selection that it means."""
        path = vault_path(self.path) if self.path.strip("/") else ""
        return Selection(tuple(self.ids), path, self.feature, self.run, self.day)


def entry_json(entry: Entry) -> dict[str, Any]:
    """A write as the API shows it, without the texts."""
    return {key: value for key, value in dataclasses.asdict(entry).items() if key != "temporary"}


def utf16(text: str, offset: int) -> int:
    """The UTF-16 offset of a code point offset."""
    return len(text[:offset].encode("utf-16-le")) // 2


def code_points(text: str, offset: int) -> int:
    """The code point offset of a UTF-16 offset; in the middle of a pair it is the one before."""
    return len(text.encode("utf-16-le")[: offset * 2].decode("utf-16-le", errors="ignore"))
