import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.wire import ChatCompletionRequest, ChatMessage, Focus, code_points, utf16
from vault_sync.filter import Filter

CASES = json.loads((Path(__file__).parents[2] / "cases/edits.json").read_text(encoding="utf-8"))["edits"]


@pytest.mark.parametrize(("text", "points", "units"), [("abc", 2, 2), ("😀x", 1, 2), ("ё😀é", 2, 3), ("", 0, 0)])
def test_offsets_of_astral_characters(text: str, points: int, units: int) -> None:
    assert utf16(text, points) == units and code_points(text, units) == points


@pytest.mark.parametrize("case", [case for case in CASES if case["text"]], ids=lambda case: str(case["name"]))
def test_offsets_of_a_case_that_the_plugin_reads_too(case: dict[str, Any]) -> None:
    points = [code_points(case["text"], offset) for offset in case["units"]]
    if case["span"]:
        assert points == case["span"] and [utf16(case["text"], offset) for offset in points] == case["units"]
    else:
        assert [utf16(case["text"], offset) for offset in points] != case["units"], "no code points name such a place"


def test_content_in_parts_is_joined() -> None:
    message = ChatMessage.model_validate(
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    )
    assert message.message().content == "ab"


def test_developer_is_system_and_tool_is_user() -> None:
    roles = [ChatMessage.model_validate({"role": r, "content": "x"}).message().role for r in ("developer", "tool")]
    assert roles == ["system", "user"]


def request(**fields: object) -> ChatCompletionRequest:
    return ChatCompletionRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": "x"}], **fields}
    )


def test_limits_stops_and_schema() -> None:
    assert request(max_tokens=5, max_completion_tokens=7).limit == 7
    assert request(stop="a").stops == ("a",) and request(stop=["a", "b"]).stops == ("a", "b")
    schema = {"type": "object", "properties": {}}
    assert request(response_format={"type": "json_schema", "json_schema": {"schema": schema}}).schema_ == schema
    assert request(response_format={"type": "text"}).schema_ is None


@pytest.mark.parametrize("fields", [{"messages": []}, {"n": 2}, {"max_tokens": 0}, {"temperature": 9}])
def test_requests_that_can_not_be(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        request(**fields)


def test_focus_on_a_note_narrows_to_it() -> None:
    assert Focus(path="A/n.md", tag="t", after=date(2026, 1, 1)).filter() == Filter("A/n.md", "t", date(2026, 1, 1))
