"""A speaker's events, heard in the thread that it speaks in."""

import queue
from collections.abc import Sequence
from typing import Any

import pytest

from daemon.engines.dialogue.answers.format import AnswerFormat
from daemon.engines.dialogue.answers.parts import Part, PlainParser
from daemon.engines.llama_cpp.batch_ports import Chosen
from daemon.engines.llama_cpp.speaking import GATHERED, Event, Speaker
from tests.effort import LONG

USAGE = {"prompt": 3, "cached": 0, "completion": 0}
TOOLS = {"find": {"type": "object"}}


class Heard:
    """Tokens are texts here: the number of each is its place in `texts`."""

    def __init__(self, *texts: str | bytes) -> None:
        self.texts = [text.encode() if isinstance(text, str) else text for text in texts]
        self._lines: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
        self.speaker = Speaker(lambda token: self.texts[token], self._lines.put)

    def answer(
        self, format_: AnswerFormat, stop: tuple[str, ...] = (), reason: str = "stop", **more: Any
    ) -> list[Event]:
        self.speaker.open(1, stop, format_.parser(TOOLS, ""))
        for number in range(len(self.texts)):
            self.speaker.chosen(1, Chosen(number, **more))
        self.speaker.over(1, reason, USAGE)
        self.speaker.step()
        return list(self._lines.get(timeout=LONG))


def told(events: list[Event], key: str) -> str:
    return "".join(event.get(key, "") for event in events)


def test_thoughts_text_and_calls_are_told_apart() -> None:
    heard = Heard(
        "<thi", "nk>hm</think>", "I look.", "<tool_", 'call>{"name": "find", ', '"arguments": {}}', "</tool_call>"
    )
    events = heard.answer(AnswerFormat("json_tags", thinks=True))
    assert (told(events, "reasoning"), told(events, "text")) == ("hm", "I look.")
    assert [event["calls"] for event in events if "calls" in event] == [[["find", "{}"]]]
    assert (events[-1]["event"], events[-1]["reason"]) == ("done", "tool_calls")
    assert events[-1]["usage"]["completion"] == len(heard.texts)


def test_a_call_that_is_whole_but_for_its_end_comes_with_the_end() -> None:
    events = Heard('<tool_call>{"name": "find"}').answer(AnswerFormat("json_tags"))
    assert events[-1]["calls"] == [["find", "{}"]]
    assert events[-1]["reason"] == "tool_calls"


def test_an_answer_cut_off_behind_a_call_says_so() -> None:
    call = '<tool_call>{"name": "find"}</tool_call>'
    assert Heard(call, "and").answer(AnswerFormat("json_tags"), reason="length")[-1]["reason"] == "length"


def test_a_stop_string_ends_before_the_parser_sees_it() -> None:
    events = Heard("a<tool", "STOP", "_call>").answer(AnswerFormat("json_tags"), stop=("STOP",))
    assert told(events, "text") == "a<tool"
    assert events[-1]["reason"] == "stop"


def test_stop_strings_count_in_the_text_only() -> None:
    heard = Heard("<think>\none\ntwo\n</think>\n\n", "Bern", "\nis", ' <tool_call>{"name": "find"}</tool_call>')
    events = heard.answer(AnswerFormat("json_tags", thinks=True), stop=("\n",))
    assert (told(events, "reasoning"), told(events, "text")) == ("one\ntwo", "Bern")
    assert events[-1]["reason"] == "stop" and not any("calls" in event for event in events)


def test_what_may_become_a_stop_string_comes_with_the_end() -> None:
    events = Heard("Bern ", "ST").answer(AnswerFormat(), stop=("STOP",))
    assert told(events, "text") == "Bern ST"


def test_a_token_of_half_a_character_keeps_its_bytes() -> None:
    events = Heard("ё".encode()[:1], "ё".encode()[1:]).answer(AnswerFormat(), logprob=-0.5, top=((0, -0.5),))
    tokens = [event["logprobs"][0] for event in events if "logprobs" in event]
    assert "".join(tokens).encode("utf-8", "surrogateescape").decode() == told(events, "text") == "ё"
    assert next(event["top"] for event in events if "top" in event) == [[tokens[0], -0.5]]


class Ticking:
    """A speaker with a clock that is set by hand, and the lines that it said."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lines: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
        self.speaker = Speaker(lambda token: b"x", self.lines.put, lambda: self.now)

    def token(self, after: float = 0.0, request: int = 1) -> None:
        self.now += after
        self.speaker.chosen(request, Chosen(0))
        self.speaker.step()


def test_the_first_token_is_said_at_once_and_the_next_ones_are_gathered() -> None:
    ticking = Ticking()
    ticking.speaker.open(1, (), AnswerFormat().parser({}, ""))
    ticking.token()
    ticking.token(0.2 * GATHERED)
    ticking.token(0.2 * GATHERED)
    ticking.token(0.7 * GATHERED)
    assert [len(ticking.lines.get(timeout=LONG)) for _ in range(2)] == [1, 3]


def test_the_end_brings_all_that_was_gathered() -> None:
    ticking = Ticking()
    ticking.speaker.open(1, (), AnswerFormat().parser({}, ""))
    for _ in range(3):
        ticking.token()
    ticking.speaker.over(1, "length", USAGE)
    ticking.speaker.step()
    first, rest = ticking.lines.get(timeout=LONG), ticking.lines.get(timeout=LONG)
    assert [event["event"] for event in (*first, *rest)] == ["token", "token", "token", "done"]


def test_where_a_stop_string_may_come_nothing_is_gathered() -> None:
    ticking = Ticking()
    ticking.speaker.open(1, ("STOP",), AnswerFormat().parser({}, ""))
    for _ in range(3):
        ticking.token()
    assert [len(ticking.lines.get(timeout=LONG)) for _ in range(3)] == [1, 1, 1]


class Unreadable(PlainParser):
    """Meets something that nobody foresaw."""

    def __init__(self, at_end: bool) -> None:
        self._at_end = at_end

    def feed(self, text: str) -> list[Part]:
        if self._at_end:
            return super().feed(text)
        raise ZeroDivisionError

    def finish(self) -> list[Part]:
        raise ZeroDivisionError


@pytest.mark.parametrize("at_end", [False, True])
def test_an_answer_that_can_not_be_read_fails_alone(at_end: bool) -> None:
    heard = Heard("one ", "two")
    speaker = heard.speaker
    speaker.open(2, (), Unreadable(at_end))
    speaker.chosen(2, Chosen(0))
    speaker.chosen(2, Chosen(1))
    speaker.over(2, "stop", USAGE)
    events = heard.answer(AnswerFormat("json_tags"))
    (failed,) = [event for event in events if event["id"] == 2 and event["event"] == "error"]
    assert "ZeroDivisionError" in failed["cause"]
    assert told([event for event in events if event["id"] == 1], "text") == "one two"
    assert not any(event["event"] == "done" for event in events if event["id"] == 2)
