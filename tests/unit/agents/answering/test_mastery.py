import asyncio
import json
from collections.abc import Iterator

import pytest

from agents.answering.mastery import PASS, MasteryBook, circles, masters, right
from agents.answering.probe_questions import READING, Question
from agents.errors import EngineError
from agents.ports import ChatRequest
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.spec import EngineSpec
from tests.fakes.chat_engine import ScriptedEngine
from vault_sync.databases.state import State
from vault_sync.text import language_of, stems

STARTER = EngineSpec("small", "llama_cpp", "starter:smollm2", context=1024)
BAKER = Question("Our baker bakes rye bread.", "What does our baker bake?", ("rye", "bread"))


@pytest.fixture
def state() -> Iterator[State]:
    made = State(":memory:")
    yield made
    made.close()


def repeats_the_text(request: ChatRequest) -> str:
    return request.messages[-1].content.splitlines()[0].partition(": ")[2]


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        ("Our baker bakes bread.", True),
        ("BREADS!", True),
        ("Our baker bakes cakes.", False),
        ("", False),
        ("хлеб bread и ещё много русских слов", False),
        ("bread is good, bread is good, bread is good", False),
    ],
)
def test_answers_are_marked(answer: str, good: bool) -> None:
    assert right(BAKER, answer, "en") is good


def test_going_in_circles_is_seen() -> None:
    assert circles("one two three " * 3)
    assert not circles("one two three " * 2)


@pytest.mark.parametrize("language", READING)
def test_every_question_can_be_answered_from_its_passage_in_its_language(language: str) -> None:
    for question in READING[language].questions:
        assert any(set(stems(wanted)) <= set(stems(question.passage)) for wanted in question.answers)
        assert not any(set(stems(wanted)) <= set(stems(question.question)) for wanted in question.answers)
        assert language_of(question.passage) == language_of(question.question) == language


async def test_who_reads_passes_and_is_asked_everything() -> None:
    engine = ScriptedEngine(repeats_the_text)
    probe = await masters(engine, "ru")
    assert (probe.score, probe.passed) == (1.0, True)
    assert len(engine.requests) == len(READING["ru"].questions)
    assert all(request.temperature == 0 and request.priority == "bulk" for request in engine.requests)


async def test_the_test_ends_when_its_outcome_is_certain() -> None:
    engine = ScriptedEngine(lambda _: "I do not know.")
    probe = await masters(engine, "en")
    assert (probe.score, probe.passed) == (0.0, False)
    assert len(engine.requests) == (1 - PASS) * len(READING["en"].questions) + 1
    assert json.loads(probe.detail)[0]["answer"] == "I do not know."


async def test_a_language_without_a_test_is_mastered_by_nobody() -> None:
    assert not (await masters(ScriptedEngine(repeats_the_text), "xx")).passed


async def test_the_book_measures_a_model_once(state: State) -> None:
    book, engine = MasteryBook(state), ScriptedEngine(repeats_the_text)
    assert await asyncio.gather(*(book.masters(engine, "en") for _ in range(3))) == [True] * 3
    assert len(engine.requests) == len(READING["en"].questions)
    assert not any(request.think for request in engine.requests)
    silent = ScriptedEngine(lambda _: "")
    assert await MasteryBook(state).masters(silent, "en")
    assert silent.requests == []
    assert not await book.masters(ScriptedEngine(lambda _: "", model="other"), "en")


async def test_a_failure_of_the_engine_is_not_remembered(state: State) -> None:
    def fail(request: ChatRequest) -> str:
        raise EngineError("It broke.")

    book = MasteryBook(state)
    with pytest.raises(EngineError):
        await book.masters(ScriptedEngine(fail), "en")
    assert await book.masters(ScriptedEngine(repeats_the_text), "en")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "passed"), [("en", True), ("ru", False)])
async def test_the_starter_model_masters_english_only(language: str, passed: bool, state: State) -> None:
    try:
        resolve_model(STARTER)
    except EngineError as error:
        pytest.skip(f"{error.cause} {error.fix}")
    engine = build_chat_engine(STARTER)
    assert isinstance(engine, LlamaCppEngine)
    try:
        assert await MasteryBook(state).masters(engine, language) is passed
        assert state.rows("SELECT model FROM probes")[0]["model"] == engine.identity
    finally:
        engine.close()
