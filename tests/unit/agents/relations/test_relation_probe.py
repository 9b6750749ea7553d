import json
import re
from collections.abc import Iterator

import pytest

from agents.answering.mastery import MasteryBook
from agents.ports import ChatRequest
from agents.prompts import Prompts
from agents.relations.relation_probe import CASES, RelationProof, relates
from tests.fakes.chat_engine import ScriptedEngine
from vault_sync.databases.state import State
from vault_sync.text import language_of

ALL = [case for cases in CASES.values() for case in cases]


def knows(request: ChatRequest) -> str:
    """Answers all cases rightly."""
    titles = re.findall(r'title="([^"]*)"', request.messages[1].content)
    case = next(case for case in ALL if case.note[0] == titles[0])
    return json.dumps({str(n): {"relation": other[2], "reason": ""} for n, other in enumerate(case.others, start=1)})


def always(relation: str) -> ScriptedEngine:
    return ScriptedEngine(lambda _: json.dumps({str(n): {"relation": relation, "reason": ""} for n in (1, 2, 3)}))


@pytest.fixture
def state() -> Iterator[State]:
    made = State(":memory:")
    yield made
    made.close()


@pytest.mark.parametrize("language", sorted(CASES))
async def test_who_knows_passes_and_who_says_always_the_same_does_not(language: str) -> None:
    assert (await relates(ScriptedEngine(knows), Prompts(), language)).score == 1.0
    for relation in ("broader", "narrower", "direct"):
        assert not (await relates(always(relation), Prompts(), language)).passed


async def test_in_a_language_without_cases_nobody_passes(state: State) -> None:
    engine = ScriptedEngine(knows)
    assert not (await relates(engine, Prompts(), "de")).passed
    assert not await RelationProof(MasteryBook(state), Prompts()).relates(engine, "de")
    assert engine.requests == []


async def test_each_model_is_measured_once_a_language_and_prompt(state: State) -> None:
    engine = ScriptedEngine(knows)
    prompts = Prompts()
    proof = RelationProof(MasteryBook(state), prompts)
    assert await proof.relates(engine, "ru")
    assert await proof.relates(engine, "ru")
    assert len(engine.requests) == len(CASES["ru"])
    prompts.override({"link-relation": "Say what they are. {language}"})
    assert await proof.relates(engine, "ru")
    assert len(engine.requests) == 2 * len(CASES["ru"])


@pytest.mark.parametrize("language", sorted(CASES))
def test_the_cases_are_balanced_and_in_their_language(language: str) -> None:
    cases = CASES[language]
    found = [other[2] for case in cases for other in case.others]
    assert {found.count(relation) for relation in ("broader", "narrower", "direct")} == {4}
    assert all(language_of(other[1]) == language for case in cases for other in case.others)
    assert len({tuple(other[2] for other in case.others) for case in cases}) >= 3
