"""`famulus eval`: search and related notes are measured on the owner's own vault. One run at a time."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.errors import AgentError
from daemon.compose import Famulus
from daemon.evaluation.deep import compare_deep, deep_advice
from vault_sync.evaluation.comparing import SHARES, WEIGHTS, Comparison, advice, compare, reranker_advice
from vault_sync.evaluation.evaluate import FUSED, NOW, Asked, Examiner, Row, rows
from vault_sync.evaluation.questions import KINDS, Question, Questions
from vault_sync.index.sync import Stopped
from vault_sync.search.fusion import Weights
from vault_sync.search.related import RELATED_WEIGHT

RELATED = 0.5
"""For each question of a kind so many links are hidden for `related`: it embeds whole notes anew."""

Told = Callable[[int, int, str], None]
"""Done, in all, and with what."""


class EvaluationBusyError(AgentError):
    """A measurement is under way already."""

    code = "conflict"


@dataclass(frozen=True, slots=True)
class Wish:
    """How many questions of each kind, drawn by which seed; and whether other weights are compared."""

    queries: int = 100
    seed: int = 0
    compare: bool = False
    deep: bool = False
    """Whether other chunk sizes and embedders are tried, too."""


class Evaluating:
    """Measures. Embeds questions and some notes anew; writes nothing."""

    def __init__(self, famulus: Famulus) -> None:
        self._famulus = famulus
        self._turn = threading.Lock()

    def run(self, wish: Wish, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        """Measure, in the caller's thread.

        Raises EvaluationBusyError, EmbedderError, and Stopped where that was asked for.
        """
        if not self._turn.acquire(blocking=False):
            raise EvaluationBusyError(
                "Nothing was measured.", "Another measurement is under way.", "Wait for it, or end it."
            )
        try:
            return self._measure(wish, should_stop)
        finally:
            self._turn.release()

    def _compared(
        self,
        wish: Wish,
        questions: Questions,
        drawn: Sequence[Question],
        asked: Sequence[Asked],
        related: Sequence[Asked],
        should_stop: Callable[[], bool],
    ) -> Iterator[dict[str, Any]]:
        reranks = self._famulus.searcher.reranks
        if wish.compare and reranks:
            found = compare(asked, [FUSED], seed=wish.seed)
            yield section_json("reranker", found, reranker_advice(found))
        if wish.compare:
            found = compare(asked, self._weights(), FUSED if reranks else NOW, seed=wish.seed)
            yield section_json("search", found, advice(found))
            found = compare(related, self._shares(), seed=wish.seed)
            yield section_json("related", found, advice(found))
        if wish.deep:
            notes, found = compare_deep(self._famulus, drawn, questions.others(), should_stop, self._tell)
            yield section_json("index", found, deep_advice(found), notes)

    def _measure(self, wish: Wish, should_stop: Callable[[], bool]) -> dict[str, Any]:
        began = time.monotonic()
        famulus = self._famulus
        questions = Questions(famulus.ledger, famulus.policy.current, famulus.read, wish.seed)
        examiner = Examiner(famulus.ledger, famulus.searcher, famulus.embedder)
        weights = self._weights() if wish.compare else {}
        drawn = [question for kind in KINDS for question in questions.draw(kind, wish.queries)]
        asked = list(self._asked(examiner, drawn, weights, should_stop))
        shares = self._shares() if wish.compare else {}
        related = list(self._related(examiner, questions, int(wish.queries * RELATED), shares, should_stop))
        return {
            "seed": wish.seed,
            "queries": wish.queries,
            "embedder": famulus.embedder.spec.model,
            "search": famulus.settings.search.model_dump(),
            "results": [row_json(row) for row in rows([*asked, *related], seed=wish.seed)],
            "left_out": dict(questions.left_out),
            "compared": list(self._compared(wish, questions, drawn, asked, related, should_stop)),
            "seconds": round(time.monotonic() - began, 1),
        }

    def _weights(self) -> dict[str, Weights]:
        """What is compared with the present weights: not they themselves."""
        now = replace(self._famulus.settings.search.weights, related=None)
        return {name: each for name, each in WEIGHTS.items() if each != now}

    def _shares(self) -> dict[str, float]:
        """The same for related notes."""
        now = self._famulus.settings.search.related_weight
        return {name: each for name, each in SHARES.items() if each != (RELATED_WEIGHT if now is None else now)}

    def _asked(
        self,
        examiner: Examiner,
        drawn: Sequence[Question],
        weights: dict[str, Weights],
        should_stop: Callable[[], bool],
    ) -> Iterator[Asked]:
        for number, question in enumerate(drawn, start=1):
            _go_on(should_stop)
            yield from examiner.ask(question, weights)
            self._tell(number, len(drawn), "Questions")

    def _related(
        self,
        examiner: Examiner,
        questions: Questions,
        most: int,
        shares: Mapping[str, float],
        should_stop: Callable[[], bool],
    ) -> Iterator[Asked]:
        done = 0
        for stripped in questions.stripped(most):
            _go_on(should_stop)
            yield from examiner.ask_related(stripped, shares, self._famulus.linker.as_if)
            done += len(stripped.targets)
            self._tell(done, max(done, most), "Links of related notes")

    def _tell(self, done: int, total: int, what: str) -> None:
        self._famulus.bus.publish("eval.progress", done=done, total=total, what=what)


def _go_on(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise Stopped


def row_json(row: Row) -> dict[str, Any]:
    """A line of the table as the API shows it."""
    return {
        "kind": row.kind,
        "group": row.group,
        "configuration": row.configuration,
        "n": row.recall.n,
        "recall_at_10": round(row.recall.mean, 4),
        "recall_interval": [round(row.recall.low, 4), round(row.recall.high, 4)],
        "mrr_at_10": round(row.mrr.mean, 4),
        "mrr_interval": [round(row.mrr.low, 4), round(row.mrr.high, 4)],
    }


def section_json(of: str, found: Sequence[Comparison], advised: str, notes: int | None = None) -> dict[str, Any]:
    """What was compared of the reranker, search, related notes or the index (then with how many notes), and what to change."""
    return {"of": of, "notes": notes, "settings": [comparison_json(each) for each in found], "advice": advised}


def comparison_json(each: Comparison) -> dict[str, Any]:
    """A comparison as the API shows it."""
    return {
        "configuration": each.configuration,
        "mrr_at_10": round(each.mrr.mean, 4),
        "gain": round(each.gain.mean, 4),
        "gain_interval": [round(each.gain.low, 4), round(each.gain.high, 4)],
        "beyond_chance": each.gain.beyond_chance,
        "better": each.better,
    }
