import json
from pathlib import Path

import pytest

from agents.answering.plan import is_greeting, role_for

CASES = json.loads((Path(__file__).parents[3] / "cases" / "routing.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["request"][:40] or "empty")
def test_a_request_goes_to_the_role_that_it_needs(case: dict[str, str]) -> None:
    assert role_for(case["request"]) == case["role"]


def test_routing_is_quick_on_a_long_text_without_a_verdict() -> None:
    assert role_for("write " + "word " * 20_000) == "planner"


@pytest.mark.parametrize(
    "text", ["Hi!", "hello there", "Привет", "Спасибо большое!", "Добрый день", "what can you do?"]
)
def test_a_greeting_is_known(text: str) -> None:
    assert is_greeting(text)


@pytest.mark.parametrize(
    "text", ["", "What is a greeting?", "Hi, what is adware?", "Привет, что такое поток?", "Пока"[:3]]
)
def test_a_question_is_no_greeting(text: str) -> None:
    assert not is_greeting(text)
