"""Search and `related` are asked questions whose answers the vault holds, and the ranks of the answers are counted."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vault_sync.evaluation.metrics import Estimate, Sample, estimate, recall, reciprocal
from vault_sync.evaluation.questions import Kind, Question, Stripped
from vault_sync.index.ledger import Ledger
from vault_sync.index.remembering import Remembering
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.note import Chunk, Note
from vault_sync.paths import VaultPath
from vault_sync.ports import Embedder
from vault_sync.search.fusion import Weights
from vault_sync.search.search import Lanes, Searcher, Subject

Cut = Callable[[Note], Sequence[Chunk]]


@dataclass(frozen=True, slots=True)
class Bare:
    """A note as if it had never linked to the `hidden` ones: its chunks, and what it is as a question."""

    note: Note
    chunks: Sequence[Chunk]
    subject: Subject
    hidden: frozenset[VaultPath]


Ranked = Callable[[Bare, float | None], Sequence[VaultPath]]
"""The notes that would be shown beside such a note, best first, at least ten more than are hidden where there are so many;
with another share of the lexical lane (0..1), if one is given."""

NOW = "now"
"""The configuration as it is set."""
FUSED = "without the reranker"
"""The same before the reranker, where there is one, has its say: what other weights are compared with."""
GROUPS = ("all", "easy", "hard")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the rank of its answer (from 1, None: not found) by configuration. `cluster` is where it came from:
    questions of one cluster are not independent."""

    kind: Kind
    cluster: str
    easy: bool | None
    languages: tuple[str, str]
    ranks: Mapping[str, int | None]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that it counts in."""
        hardness = () if self.easy is None else ("easy" if self.easy else "hard",)
        return ("all", *hardness, "→".join(self.languages))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: how often the answer was among the first ten, and how far up (both 0..1)."""

    kind: Kind
    group: str
    configuration: str
    recall: Estimate
    mrr: Estimate


class Examiner:
    """Asks. Notes are ranked by the best of their passages, as a reader meets them."""

    def __init__(self, ledger: Ledger, searcher: Searcher, embedder: Embedder, cut: Cut = chunk_note) -> None:
        """`cut` makes the chunks of a note as the index has them."""
        self._ledger = ledger
        self._searcher = searcher
        self._remembering = Remembering(embedder, ledger)
        self._cut = cut
        rows = ledger.read().execute("SELECT o.id, n.path FROM occurrences o JOIN notes n ON n.id = o.note_id")
        self._note_of = {int(row[0]): VaultPath(row[1]) for row in rows}

    def ask(self, question: Question, weights: Mapping[str, Weights]) -> list[Asked]:
        """The answer's rank as things are (`NOW`), before the reranker (`FUSED`), and with each of `weights`; the lanes
        are asked once for all."""
        lanes = self._searcher.lanes(question.text, without=question.without)
        orders = {NOW: [hit.occurrence for hit in self._searcher.ordered(lanes, question.text)]}
        if self._searcher.reranks:
            orders[FUSED] = [hit.occurrence for hit in lanes.fused()]
        orders |= {name: _order(lanes, each) for name, each in weights.items()}
        cluster = question.source or question.target
        ranks = {name: self._rank(order, question.target) for name, order in orders.items()}
        found = [Asked(question.kind, cluster, question.easy, question.languages, ranks)]
        if question.section:
            passages = self._of_section(question)
            ranks = {name: _first(order, passages) for name, order in orders.items()}
            found.append(Asked("section", cluster, None, question.languages, ranks))
        return found

    def _rank(self, order: Iterable[int], target: VaultPath) -> int | None:
        notes = dict.fromkeys(self._note_of.get(occurrence) for occurrence in order)
        return _first(notes, {target})

    def _of_section(self, question: Question) -> set[int]:
        chunks = self._ledger.occurrences_of(question.target)
        depth = len(question.section)
        return {chunk.id for chunk in chunks if chunk.heading[:depth] == question.section}

    def ask_related(self, stripped: Stripped, weights: Mapping[str, float], ranked: Ranked) -> list[Asked]:
        """The rank of each hidden link's target among the notes that are shown beside the note, the other targets left out;
        as things are (`NOW`), and with each of `weights` as the lexical lane's share.

        The note's vectors are made anew from its text without the links, so that no vector holds what is looked for.
        """
        bare = self._bare(stripped)
        if bare is None:
            return []
        shares: dict[str, float | None] = {NOW: None, **weights}
        orders = {name: ranked(bare, weight) for name, weight in shares.items()}
        return list(_related(stripped, orders, self._language(stripped.note.path)))

    def _bare(self, stripped: Stripped) -> Bare | None:
        note = stripped.note
        chunks = self._cut(note)
        if not chunks:
            return None
        vectors = self._remembering.embed_passages([chunk.embed_text for chunk in chunks])
        own = frozenset(chunk.id for chunk in self._ledger.occurrences_of(note.path))
        subject = Subject((note.title, *note.aliases), [chunk.text for chunk in chunks], vectors, own)
        return Bare(note, chunks, subject, frozenset(record.path for record, _ in stripped.targets))

    def _language(self, path: VaultPath) -> str:
        record = self._ledger.note(path)
        return record.language if record else ""


def _order(lanes: Lanes, weights: Weights) -> list[int]:
    return [hit.occurrence for hit in lanes.weighed(weights)]


def _first(order: Iterable[object], wanted: Collection[object]) -> int | None:
    return next((rank for rank, each in enumerate(order, start=1) if each in wanted), None)


def _related(stripped: Stripped, orders: Mapping[str, Sequence[VaultPath]], language: str) -> Iterator[Asked]:
    targets = {record.path for record, _ in stripped.targets}
    for record, named in stripped.targets:
        others = targets - {record.path}
        ranks = {name: _first((p for p in order if p not in others), {record.path}) for name, order in orders.items()}
        yield Asked("related", stripped.note.path, named, (language, record.language), ranks)


def sample(asked: Iterable[Asked], configuration: str, measure: Callable[[int | None], float]) -> Sample:
    """The values of one configuration, with their clusters."""
    return [(each.cluster, measure(each.ranks[configuration])) for each in asked]


def rows(asked: Sequence[Asked], configuration: str = NOW, seed: int = 0) -> list[Row]:
    """The table of one configuration: by kind, and by hardness and languages where there is more than one of them."""
    found = []
    for kind in dict.fromkeys(each.kind for each in asked):
        of_kind = [each for each in asked if each.kind == kind]
        groups = sorted({group for each in of_kind for group in each.groups}, key=_by_group)
        for group in groups:
            part = [each for each in of_kind if group in each.groups]
            if group == "all" or len(part) < len(of_kind):
                recalls, ranks = sample(part, configuration, recall), sample(part, configuration, reciprocal)
                found.append(Row(kind, group, configuration, estimate(recalls, seed=seed), estimate(ranks, seed=seed)))
    return found


def _by_group(group: str) -> tuple[int, str]:
    return (GROUPS.index(group) if group in GROUPS else len(GROUPS), group)
