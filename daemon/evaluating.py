"""`famulus eval`: search and related notes are measured on the owner's own vault. One run at a time."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agents.errors import AgentError
from daemon.compose import Famulus
from daemon.deep import compare_deep, deep_advice
from vault_sync.comparing import WEIGHTS, Comparison, advice, compare
from vault_sync.evaluate import Asked, Examiner, Row, rows
from vault_sync.fusion import Weights
from vault_sync.questions import KINDS, Question, Questions
from vault_sync.sync import Stopped

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

    def _deep(self, questions: Questions, drawn: Sequence[Question], should_stop: Callable[[], bool]) -> dict[str, Any]:
        notes, found = compare_deep(self._famulus, drawn, questions.others(), should_stop, self._tell)
        return {"notes": notes, "compared": [comparison_json(each) for each in found], "advice": deep_advice(found)}

    def _measure(self, wish: Wish, should_stop: Callable[[], bool]) -> dict[str, Any]:
        began = time.monotonic()
        famulus = self._famulus
        questions = Questions(famulus.ledger, famulus.policy.current, famulus.read, wish.seed)
        examiner = Examiner(famulus.ledger, famulus.searcher, famulus.embedder)
        weights = self._weights() if wish.compare else {}
        drawn = [question for kind in KINDS for question in questions.draw(kind, wish.queries)]
        asked = list(self._asked(examiner, drawn, weights, should_stop))
        found = compare(asked, weights, seed=wish.seed)
        related = list(self._related(examiner, questions, int(wish.queries * RELATED), should_stop))
        return {
            "seed": wish.seed,
            "queries": wish.queries,
            "embedder": famulus.embedder.spec.model,
            "search": famulus.settings.search.model_dump(),
            "results": [row_json(row) for row in rows([*asked, *related], seed=wish.seed)],
            "left_out": dict(questions.left_out),
            "compared": [comparison_json(each) for each in found],
            "advice": [advice(found)] if found else [],
            "deep": self._deep(questions, drawn, should_stop) if wish.deep else None,
            "seconds": round(time.monotonic() - began, 1),
        }

    def _weights(self) -> dict[str, Weights]:
        """What is compared with the present weights: not they themselves."""
        return {name: each for name, each in WEIGHTS.items() if each != self._famulus.settings.search.weights}

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
        self, examiner: Examiner, questions: Questions, most: int, should_stop: Callable[[], bool]
    ) -> Iterator[Asked]:
        done = 0
        for stripped in questions.stripped(most):
            _go_on(should_stop)
            yield from examiner.ask_related(stripped)
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
