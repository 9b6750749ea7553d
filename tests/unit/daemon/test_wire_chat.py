from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from agents.errors import BadRequestError
from agents.ports import Message, TokenLogprob, Tool, ToolCall
from daemon.wire_chat import ChatCompletionRequest, ChatMessage, Focus, logprobs_json
from vault_sync.search.filter import Filter

FIND = {"type": "function", "function": {"name": "find", "description": "Finds.", "parameters": {"type": "object"}}}
NOW = {"type": "function", "function": {"name": "now"}}
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"a": 1}'}}
ASKED = {"role": "user", "content": "x"}


def message(**fields: object) -> ChatMessage:
    return ChatMessage.model_validate(fields)


def request(**fields: object) -> ChatCompletionRequest:
    return ChatCompletionRequest.model_validate({"model": "m", "messages": [ASKED], **fields})


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert message(role="user", content=parts).message().content == "ab"


def test_developer_is_system() -> None:
    assert message(role="developer", content="x").message().role == "system"


def test_turns_with_tools() -> None:
    asked = message(role="assistant", content=None, tool_calls=[CALL], reasoning_content="hm")
    assert asked.message() == Message("assistant", "", (ToolCall("c1", "find", '{"a": 1}'),), reasoning="hm")
    answered = message(role="tool", content="none", tool_call_id="c1")
    assert answered.message() == Message("tool", "none", tool_call_id="c1")


def test_for_the_agent_results_are_words_of_the_user() -> None:
    assert message(role="tool", content="none", tool_call_id="c1").plain() == Message("user", "none")
    assert message(role="assistant", content="a", tool_calls=[CALL]).plain() == Message("assistant", "a")


def test_limits_stops_and_schema() -> None:
    assert request(max_tokens=5, max_completion_tokens=7).limit == 7
    assert request().limit == request().request().max_tokens == 0
    assert request(stop="a").stops == ("a",) and request(stop=["a", "b"]).stops == ("a", "b")
    schema = {"type": "object", "properties": {}}
    assert request(response_format={"type": "json_schema", "json_schema": {"schema": schema}}).schema_ == schema
    assert request(response_format={"type": "text"}).schema_ is None


@pytest.mark.parametrize("form", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "x"}}])
def test_json_without_a_schema_is_any_object(form: dict[str, Any]) -> None:
    assert request(response_format=form).request().json_schema == {"type": "object"}


def test_what_is_asked_for_reaches_the_engine() -> None:
    asked = request(
        tools=[FIND, NOW], tool_choice="required", parallel_tool_calls=False, top_k=-1, min_p=0.1,
        grammar="root ::= [a]", frequency_penalty=0.5, presence_penalty=-0.5, logprobs=True, top_logprobs=3,
    ).request()  # fmt: skip
    assert asked.tools == (Tool("find", "Finds.", {"type": "object"}), Tool("now"))
    assert (asked.tool_choice, asked.parallel_tool_calls, asked.logprobs) == ("required", False, 3)
    assert (asked.top_k, asked.min_p, asked.frequency_penalty, asked.presence_penalty) == (0, 0.1, 0.5, -0.5)
    assert asked.grammar == "root ::= [a]" and request().request().grammar is None
    assert request(logprobs=True).request().logprobs == 0
    assert request(logprobs=False, top_logprobs=0).request().logprobs is None
    assert request().request().logprobs is None


@pytest.mark.parametrize(
    ("given", "seed"),
    [(None, None), (7, 7), (-1, None), (-2, 2**63 - 2), (2**63 - 1, 2**63 - 1), (2**63, 0), (-(2**70), 0)],
)
def test_a_seed_is_a_number_that_every_engine_takes(given: int | None, seed: int | None) -> None:
    asked = request(seed=given)
    assert asked.seed == asked.request().seed == seed


def test_more_candidates_than_a_vocabulary_has_are_all_of_them() -> None:
    assert request(top_k=2**70).request().top_k == 2**31 - 1


def test_a_tool_is_chosen_by_name() -> None:
    assert (
        request(tools=[FIND, NOW], tool_choice={"type": "function", "function": {"name": "now"}}).request().tool_choice
        == "now"
    )


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"tools": [FIND], "tool_choice": {"type": "function", "function": {"name": "gone"}}}, "'gone'"),
        ({"tool_choice": {"type": "function", "function": {"name": "find"}}}, "'find'"),
        ({"tool_choice": "required"}, "there is none"),
        ({"tools": [FIND, FIND]}, "same name"),
        ({"tools": [{"type": "function", "function": {"name": "auto"}}]}, "called auto"),
        ({"top_logprobs": 2}, "without logprobs"),
        ({"grammar": "root ::= [a]", "response_format": {"type": "json_object"}}, "both"),
        ({"messages": [ASKED, {"role": "tool", "content": "x", "tool_call_id": "c9"}]}, "'c9'"),
        ({"messages": [ASKED, {"role": "assistant", "tool_calls": [
            {"id": "c1", "function": {"name": "find", "arguments": "{oops"}}]}]}, "'c1'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(fields: dict[str, Any], cause: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        request(**fields).request()
    assert cause in caught.value.cause
    assert caught.value.fix


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": []}, {"n": 2}, {"max_tokens": 0}, {"temperature": 9}, {"top_logprobs": 21}, {"min_p": 2},
        {"tools": [{"type": "custom", "custom": {}}]}, {"tools": [{"type": "function", "function": {"name": "a b"}}]},
        {"tool_choice": "some"}, {"response_format": {"type": "xml"}}, {"frequency_penalty": 3},
    ],
)  # fmt: skip
def test_requests_that_can_not_be(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        request(**fields)


@pytest.mark.parametrize("number", [0, 2])
def test_one_answer_is_made_and_who_wants_more_is_told_so(number: int) -> None:
    with pytest.raises(ValidationError, match="one answer is made for each request"):
        request(n=number)
    assert request(n=1).n == request(n=None).n == 1


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tools": [FIND]}, "tools"), ({"tools": [FIND], "tool_choice": "none"}, ""), ({}, ""), ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"), ({"response_format": {"type": "text"}}, ""),
    ],
)  # fmt: skip
def test_what_an_answer_from_the_notes_can_not_have(fields: dict[str, object], named: str) -> None:
    assert request(**fields).beside_notes == named


def test_focus_on_a_note_narrows_to_it() -> None:
    focus = Focus(path="n", tag="t", after=date(2026, 1, 1))
    assert focus.filter("A/n.md") == Filter("A/n.md", "t", date(2026, 1, 1))


def test_a_token_of_half_a_character_keeps_its_bytes() -> None:
    half = "ё".encode()[:1].decode("utf-8", "surrogateescape")
    (told,) = logprobs_json([TokenLogprob(half, -0.5, (("ё", -1.0),))])["content"]
    assert told == {
        "token": "�", "bytes": [0xD1], "logprob": -0.5,
        "top_logprobs": [{"token": "ё", "bytes": [0xD1, 0x91], "logprob": -1.0}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "think"),
    [
        ({}, True), ({"reasoning_effort": "low"}, True), ({"reasoning_effort": "none"}, False),
        ({"chat_template_kwargs": {"enable_thinking": False}}, False), ({"chat_template_kwargs": {"x": 1}}, True),
    ],
)  # fmt: skip
def test_whether_it_is_to_think(fields: dict[str, object], think: bool) -> None:
    assert request(**fields).request().think is think


@pytest.mark.parametrize(
    "field",
    [
        "temperature",
        "top_p",
        "n",
        "stream",
        "frequency_penalty",
        "presence_penalty",
        "top_k",
        "min_p",
        "famulus",
        "stop",
    ],
)
def test_null_is_as_left_out(field: str) -> None:
    assert request(**{field: None}) == request()


def test_null_is_as_left_out_in_turns_and_tools() -> None:
    turn = {**ASKED, "tool_call_id": None, "name": None, "tool_calls": None}
    assert ChatMessage.model_validate(turn).message() == message(**ASKED).message()
    called = {"id": "c1", "type": None, "function": {"name": "now", "arguments": None}}
    assert message(role="assistant", tool_calls=[called]).message().tool_calls == (ToolCall("c1", "now", "{}"),)
    assert request(tools=[{**NOW, "function": {"name": "now", "parameters": None, "strict": None}}]).request().tools


def test_a_refusal_that_is_sent_back_is_text() -> None:
    assert message(role="assistant", content=[{"type": "refusal", "refusal": "No."}]).text == "No."


def test_what_is_no_text_is_named() -> None:
    with pytest.raises(ValidationError, match=r"'image_url'.*only text"):
        message(role="user", content=[{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "x"}}])
