"""Does a model master a language? Measured with small reading questions, not told by its name.

Each question is about a made-up sentence, so that the answer can only be read there. Where fewer than three in four
are answered right, in the language asked and without repetition, answers are quoted instead of generated.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agents.answering.probe_questions import READING, Question, ReadingTest
from agents.ports import ChatEngine, ChatRequest, Message
from vault_sync.databases.state import State
from vault_sync.text import language_of, stems, words

PASS = 0.75
_MAX_TOKENS = 64
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probe:
    """The outcome: share of right answers (0..1), whether that suffices, and the answers for whoever doubts it.

    Questions that were not asked any more, because too many were answered wrongly, count as wrong.
    """

    score: float
    passed: bool
    detail: str


async def masters(engine: ChatEngine, language: str) -> Probe:
    """Ask `engine` the questions in `language`. Without test in a language no model masters it.

    Raises what the engine raises.
    """
    test = READING.get(language)
    if test is None:
        return Probe(0.0, False, "[]")
    asked: list[dict[str, object]] = []
    wrong = 0
    for question in test.questions:
        answer = await _ask(engine, test, question)
        mark = right(question, answer, language)
        wrong += not mark
        asked.append({"question": question.question, "answer": answer, "right": mark})
        if wrong > (1 - PASS) * len(test.questions):
            break  # somebody may be waiting for the outcome, and it is certain
    score = (len(asked) - wrong) / len(test.questions)
    return Probe(score, score >= PASS, json.dumps(asked, ensure_ascii=False))


def right(question: Question, answer: str, language: str) -> bool:
    """Whether an answer names what it should, in the language, without going in circles."""
    said = set(stems(answer))
    named = any(set(stems(wanted)) <= said for wanted in question.answers)
    return named and not circles(answer) and language_of(answer) == language


def circles(text: str) -> bool:
    """Whether a text repeats itself: some three words come three times or more."""
    said = words(text)
    triples = Counter(zip(said, said[1:], said[2:], strict=False))
    return any(count >= 3 for count in triples.values())


def identity(engine: ChatEngine) -> str:
    """What tells models apart: `identity` where the engine has one (it changes with the file), else the name."""
    return str(getattr(engine, "identity", "") or engine.model)


class MasteryBook:
    """Remembers outcomes in `state.db` by model and language; each is measured once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._measuring: dict[tuple[str, str], asyncio.Lock] = {}

    async def masters(self, engine: ChatEngine, language: str) -> bool:
        """Whether the model passed. An engine that fails now is asked again next time."""
        return await self.measured(engine, language, lambda: masters(engine, language))

    async def measured(self, engine: ChatEngine, what: str, measure: Callable[[], Awaitable[Probe]]) -> bool:
        """Whether the model passed what `measure` asks, which `what` names: a language, or a task in one."""
        model = await asyncio.to_thread(identity, engine)
        async with self._measuring.setdefault((model, what), asyncio.Lock()):
            score = await asyncio.to_thread(self._known, model, what)
            if score is None:
                probe = await measure()
                await asyncio.to_thread(self._keep, model, what, probe)
                score = probe.score
        return score >= PASS

    def _known(self, model: str, what: str) -> float | None:
        sql = "SELECT score FROM probes WHERE model = ? AND language = ?"
        rows = self._state.rows(sql, (model, what))
        return float(rows[0]["score"]) if rows else None

    def _keep(self, model: str, what: str, probe: Probe) -> None:
        log.info("%s answers %.0f %% of the questions in %s", model, 100 * probe.score, what)
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO probes (model, language, score, detail, at) VALUES (?, ?, ?, ?, ?)",
                (model, what, probe.score, probe.detail, time.time()),
            )


async def _ask(engine: ChatEngine, test: ReadingTest, question: Question) -> str:
    turns = (Message("system", test.instruction), Message("user", test.prompt(question)))
    request = ChatRequest(turns, max_tokens=_MAX_TOKENS, stop=("\n",), priority="bulk", think=False)
    return "".join([delta.text async for delta in engine.stream(request)]).strip()
