from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.dialogue.answers.format import AnswerFormat
from daemon.engines.dialogue.answers.lazy import CallWatch, Style
from daemon.engines.dialogue.answers.parts import OpenCall, Schemas

TOOLS: Schemas = {"now": {}, "find": {"type": "object"}}
MARKS = ["<tool_call>", "</tool_call>", '{"name": "now', '"', "}", "<think>", "</think>", "<|channel|>", "<|message|>"]
PIECES = [*(mark.encode() for mark in MARKS), b" to=functions.now", b"<tool", b"_call>", b"\xd1", b"\x91", b"a", b" "]
STYLES: list[Style] = ["plain", "json_tags", "function_tags", "bare", "harmony"]


def watching(style: Style) -> CallWatch:
    form = AnswerFormat(style, thinks=style.endswith("tags"))
    return CallWatch(partial(form.parser, TOOLS, ""), lambda token: PIECES[token])


@given(st.sampled_from(STYLES), st.lists(st.integers(0, len(PIECES) - 1), max_size=12), st.integers(0, len(PIECES) - 1))
def test_what_was_taken_back_was_never_said(style: Style, tokens: list[int], last: int) -> None:
    one, other = watching(style), watching(style)
    for token in tokens:
        one.feed(token)
        other.feed(token)
    one.feed(last)
    one.unsay()
    assert (one.call, one.whole) == (other.call, other.whole)
    assert (one.feed(last), one.call, one.before) == (other.feed(last), other.call, other.before)


@pytest.mark.parametrize(
    ("style", "said", "call"),
    [
        ("json_tags", 'Well. <tool_call>\n{"name"', OpenCall("<tool_call>", '\n{"name"')),
        ("json_tags", '<tool_call>{"name": "now", "arguments": {}}</tool_call>', None),
        ("json_tags", "<think><tool_call>", None),
        ("json_tags", "<tool_cal", None),
        ("function_tags", "<tool_call>\n<function=now>", OpenCall("<tool_call>", "\n<function=now>")),
        ("bare", '{"name": "now"', OpenCall("{", '{"name": "now"')),
        ("bare", '{"name": "nowhere"', None),
        ("bare", 'It is {"name": "now"', None),
        ("harmony", "<|channel|>commentary to=functions.now<|message|>{", OpenCall("<|message|>", "{", "now")),
        ("harmony", "<|channel|>analysis<|message|>{", None),
        ("plain", '<tool_call>{"name": "now"', None),
    ],
)
def test_a_call_is_open_from_its_mark_to_its_end(style: Style, said: str, call: OpenCall | None) -> None:
    parser = AnswerFormat(style, thinks=style.endswith("tags")).parser(TOOLS, "")
    for letter in said:
        parser.feed(letter)
    assert parser.open_call == call


@pytest.mark.parametrize("style", STYLES)
def test_only_tools_of_the_request_are_held_to_a_schema(style: Style) -> None:
    lazy = AnswerFormat(style).lazy(TOOLS)
    assert lazy.body(OpenCall("<|message|>", "", "browser.open")) is None or style not in ("plain", "harmony")
    assert (lazy.body(OpenCall("", "", "now")) is not None) == (style != "plain")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("call", [OpenCall("<tool_call>", ""), OpenCall("{", ""), OpenCall("<|message|>", "", "find")])
def test_what_may_have_to_follow_is_known_before(style: Style, call: OpenCall) -> None:
    lazy = AnswerFormat(style).lazy(TOOLS)
    if lazy is not None:
        assert {lazy.body(call)} - {None} <= lazy.bodies()
