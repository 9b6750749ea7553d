import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatRequest, Message, TokenLogprob, Tool, ToolCall
from daemon.engines.openai.server import as_object
from daemon.engines.openai.wire import StreamReader, body_of, turns_of

ASKED = (Message("user", "x"),)
FIND = Tool("find", "Finds.", {"type": "object", "properties": {"text": {"type": "string"}}})


def line(reason: str | None = None, logprobs: object = None, **delta: object) -> str:
    return f"data: {json.dumps({'choices': [{'delta': delta, 'finish_reason': reason, 'logprobs': logprobs}]})}"


def piece(
    index: int | None = None, id: str | None = None, name: str | None = None, arguments: str = ""
) -> dict[str, Any]:
    told = {"index": index, "id": id, "function": {"name": name, "arguments": arguments}}
    return {key: value for key, value in told.items() if value is not None}


def read(*lines: str) -> list[ChatDelta]:
    reader = StreamReader(lambda cause, fix: EngineError("No answer.", cause, fix))
    return [*(delta for each in lines for delta in reader.feed([each.encode()])), *reader.end()]


def calls(*lines: str) -> list[tuple[str, str, str]]:
    found = [call for delta in read(*lines) for call in delta.tool_calls]
    return [(call.id, call.name, call.arguments) for call in found]


def test_a_plain_request_has_nothing_that_a_strict_server_would_refuse() -> None:
    assert set(body_of("m", ChatRequest(ASKED))) == {
        "model", "messages", "max_tokens", "temperature", "top_p", "stream", "stream_options",
    }  # fmt: skip


def test_without_a_limit_the_server_decides_how_long_an_answer_may_be() -> None:
    assert "max_tokens" not in body_of("m", ChatRequest(ASKED, max_tokens=0))


def test_what_was_asked_for_is_sent() -> None:
    request = ChatRequest(
        ASKED, top_k=5, min_p=0.1, frequency_penalty=0.2, presence_penalty=-0.3, logprobs=4, tools=(FIND, Tool("now")),
        tool_choice="required", parallel_tool_calls=False,
    )  # fmt: skip
    body: Any = body_of("m", request)
    assert (body["top_k"], body["min_p"], body["frequency_penalty"], body["presence_penalty"]) == (5, 0.1, 0.2, -0.3)
    assert (body["logprobs"], body["top_logprobs"]) == (True, 4)
    assert body["tools"][0] == {
        "type": "function",
        "function": {"name": "find", "description": "Finds.", "parameters": FIND.parameters},
    }
    assert body["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)


def test_a_tool_is_chosen_by_its_name() -> None:
    body: Any = body_of("m", ChatRequest(ASKED, tools=(FIND,), tool_choice="find"))
    assert body["tool_choice"] == {"type": "function", "function": {"name": "find"}}


def test_any_object_is_asked_for_as_every_server_knows_it() -> None:
    body: Any = body_of("m", ChatRequest(ASKED, json_schema={"type": "object"}))
    assert body["response_format"] == {"type": "json_object"}


def test_turns_with_calls_and_results() -> None:
    call = ToolCall("c1", "find", '{"text": "a"}')
    turns = turns_of([Message("assistant", "", (call,), reasoning="hm"), Message("tool", "none", tool_call_id="c1")])
    assert turns == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"text": "a"}'}}
            ],
            "reasoning_content": "hm",
        },
        {"role": "tool", "content": "none", "tool_call_id": "c1", "name": "find"},
    ]


@given(st.lists(st.integers(1, 7), max_size=6))
def test_calls_are_put_together_from_any_pieces(lengths: list[int]) -> None:
    arguments, pieces, at = '{"text": "сад и лес"}', [], 0
    for length in lengths:
        pieces.append(arguments[at : at + length])
        at += length
    first = [line(tool_calls=[piece(0, arguments=text)]) for text in (*pieces, arguments[at:])]
    second = [line(tool_calls=[piece(1, "c2", "now")]), line(tool_calls=[piece(1, arguments="{}")])]
    lines = [line(role="assistant", tool_calls=[piece(0, "c1", "find")]), *first, *second, line("tool_calls")]
    assert calls(*lines) == [("c1", "find", arguments), ("c2", "now", "{}")]


def test_whole_calls_with_one_number_or_none_are_kept_apart() -> None:
    two = [piece(0, "c1", "find", "{}"), piece(0, "c2", "now", "{}")]
    assert [call[0] for call in calls(line(tool_calls=two), line("stop"))] == ["c1", "c2"]
    bare = [piece(None, "c1", "find", "{}"), piece(None, "c2", "now", "{"), piece(None, arguments="}")]
    assert calls(line(tool_calls=bare), line("stop")) == [("c1", "find", "{}"), ("c2", "now", "{}")]


def test_a_call_gets_an_id_and_the_answer_its_reason() -> None:
    deltas = read(line(tool_calls=[piece(0, None, "find", "")]), line("stop"))
    (call,) = deltas[0].tool_calls
    assert call.id and call.arguments == "{}"
    assert deltas[-1].finish_reason == "tool_calls"


def test_a_call_that_was_cut_off_is_text() -> None:
    deltas = read(line(tool_calls=[piece(0, "c1", "find", '{"te')]), line("length"))
    assert deltas[0] == ChatDelta('{"name": "find", "arguments": {"te')
    assert deltas[-1].finish_reason == "length"


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_thoughts_have_two_names(name: str) -> None:
    assert read(line(**{name: "hm"}), line(content="a"), line("stop"))[:2] == [
        ChatDelta("", reasoning="hm"),
        ChatDelta("a"),
    ]


def test_log_probabilities_keep_the_bytes_of_half_a_character() -> None:
    told = {"token": "\\xd1", "bytes": [0xD1], "logprob": -0.5}
    one = {**told, "top_logprobs": [told, {"token": "a", "bytes": None, "logprob": -2.0}]}
    (delta, _) = read(line(content="", logprobs={"content": [one]}), line("stop"))
    half = bytes([0xD1]).decode("utf-8", "surrogateescape")
    assert delta.logprobs == (TokenLogprob(half, -0.5, ((half, -0.5), ("a", -2.0))),)


def test_what_came_before_an_error_in_the_same_read_is_not_lost() -> None:
    reader = StreamReader(lambda cause, fix: EngineError("No answer.", cause, fix))
    said = [line(content="one ").encode(), line(content="two").encode(), b'data: {"error": {"message": "broken"}}']
    taken = []
    with pytest.raises(EngineError):
        for delta in reader.feed(said):
            taken.append((delta.text, delta.more))
    assert taken == [("one ", True), ("two", False)]


@pytest.mark.parametrize(
    "data",
    [
        {"choices": 5},
        {"choices": {"0": {}}},
        {"choices": ["text"]},
        {"choices": [{"delta": "text"}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"content": {"text": "a"}}}]},
        {"choices": [{"delta": {"tool_calls": 5}}]},
        {"choices": [{"delta": {"tool_calls": ["call"]}}]},
        {"choices": [{"delta": {"tool_calls": [{"function": {"name": 5}}]}}]},
        {"choices": [{"delta": {}, "logprobs": {"content": [{"token": "a"}]}}]},
        {"choices": [{"delta": {}, "logprobs": [1]}]},
        {"choices": [{"delta": {}, "logprobs": {"content": [{"token": "a", "logprob": None}]}}]},
        {"choices": [], "usage": [1]},
        {"choices": [], "usage": {"prompt_tokens": "many"}},
    ],
)
def test_what_is_no_part_of_an_answer_is_told(data: object) -> None:
    with pytest.raises(EngineError) as caught:
        read(f"data: {json.dumps(data)}")
    assert "no part of an answer" in caught.value.cause


def test_parts_in_place_of_text_are_joined() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    deltas = read(f"data: {json.dumps({'choices': [{'delta': {'content': parts}}]})}", line("stop"))
    assert "".join(delta.text for delta in deltas) == "ab"


def test_arguments_that_come_as_an_object_are_written() -> None:
    whole = {"index": 0, "id": "x", "function": {"name": "paint", "arguments": {"colour": "red"}}}
    assert calls(line(tool_calls=[whole]), line("tool_calls")) == [("x", "paint", '{"colour": "red"}')]


def test_an_error_that_is_null_is_none() -> None:
    chunk = {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}], "error": None}
    assert read(f"data: {json.dumps(chunk)}")[0].text == "a"


def test_nothing_is_read_behind_the_end() -> None:
    deltas = read(line("stop", content="a"), "data: [DONE]", line(content="b"))
    assert "".join(delta.text for delta in deltas) == "a"


def test_what_is_nested_without_end_is_no_object() -> None:
    assert as_object('{"a":' * 100_000) == {}
