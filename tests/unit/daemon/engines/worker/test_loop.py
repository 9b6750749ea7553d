"""A worker's loop around a model that says what it is told to, letter by letter; all but the model is real."""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.ports import Message, Tool, ToolCall
from daemon.engines.llama_cpp.speaking import Event
from daemon.engines.openai.wire import tool_json, turns_of
from daemon.engines.worker.errors import WorkerError
from daemon.engines.worker.loop import Worker
from daemon.engines.worker.requests import LoadOptions, Sampling
from tests.effort import LONG
from tests.fakes import templates
from tests.unit.daemon.engines.llama_cpp.test_batching import END, Cells, Following

CONTROLS = (
    "<|end|>",
    "<|channel|>",
    "<|start|>",
    "<|message|>",
    "<|constrain|>",
    "<|python_tag|>",
    "<|im_start|>",
    "<|pad|>",
)
_MARKS = re.compile("|".join(map(re.escape, CONTROLS)) + r"|[\s\S]")
FIND = tool_json(Tool("find", "Finds.", {"type": "object", "properties": {"text": {"type": "string"}}}))
USER = turns_of([Message("user", "Where?")])


class Letters(Cells):
    """Keeps how answers were to be sampled."""

    def __init__(self) -> None:
        super().__init__(2, 8192, 4096)
        self.asked: list[Sampling] = []

    def sampler(self, sampling: Sampling) -> Following:
        self.asked.append(sampling)
        return super().sampler(Sampling(sampling.max_tokens))


class Model:
    """A token is a letter or a control token, whose bytes are not shown. Says `answer`, then ends."""

    bos = eos = ""
    library = "letters"
    context_tokens = 4096

    def __init__(self, template: str, answer: str = "", metadata: Mapping[str, str] = MappingProxyType({})) -> None:
        self.options = LoadOptions("x.gguf", 4096, sequences=2, chat_template=template)
        self._metadata = metadata
        self.sequences = Letters()
        self.sequences.model = self._next
        self._answer = [*self.tokenize(answer, control=True), END]
        self.prompts: list[str] = []

    def metadata(self, key: str) -> str:
        return self._metadata.get(key, "")

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        pieces = _MARKS.findall(text) if control else list(text)
        self.read = len(pieces)
        return [CONTROLS.index(piece) + 1 if piece in CONTROLS else ord(piece) + 100 for piece in pieces]

    def piece(self, token: int) -> bytes:
        return b"" if token <= len(CONTROLS) else chr(token - 100).encode()

    def control_texts(self) -> set[str]:
        return set(CONTROLS)

    def read_ahead(self, sampling: Sampling) -> None:
        pass

    def embed(self, texts: Sequence[str], working: Callable[[], None]) -> NDArray[np.float32]:
        raise WorkerError("bad_request", "No.", "", "")

    def rerank(self, query: str, texts: Sequence[str], working: Callable[[], None]) -> list[float]:
        raise WorkerError("bad_request", "No.", "", "")

    def _next(self, tokens: Sequence[int]) -> int:
        return self._answer[min(len(tokens) - self.read, len(self._answer) - 1)]


def events_of(model: Model, message: dict[str, Any]) -> list[Event]:
    """What a worker says to one message."""
    heard: list[Event] = []
    over = threading.Event()

    def say(events: Sequence[Event]) -> None:
        heard.extend(events)
        if any(event["event"] in ("done", "error", "count") for event in events):
            over.set()

    worker = Worker(model, say)
    running = threading.Thread(target=worker.run)
    running.start()
    worker.take({"id": 1, "op": "chat", "sampling": {"max_tokens": 400, "stop": []}, "messages": USER, **message})
    assert over.wait(LONG)
    worker.end()
    running.join(LONG)
    return heard


def told(events: list[Event], key: str) -> str:
    return "".join(event.get(key, "") for event in events)


def calls(events: list[Event]) -> list[list[str]]:
    return [call for event in events for call in event.get("calls", [])]


def test_channels_are_told_apart_by_tokens_that_are_not_shown_otherwise() -> None:
    answer = (
        "<|channel|>analysis<|message|>I <|pad|>look.<|end|><|start|>assistant"
        '<|channel|>commentary to=functions.find <|constrain|>json<|message|>{"text": "a"}'
    )
    events = events_of(Model(templates.HARMONY, answer), {"tools": [FIND]})
    assert (told(events, "reasoning"), told(events, "text"), calls(events)) == (
        "I look.",
        "",
        [["find", '{"text": "a"}']],
    )
    assert events[-1]["reason"] == "tool_calls"


def test_a_tag_that_is_a_control_token_begins_a_call() -> None:
    model = Model(templates.LLAMA, '<|python_tag|>{"name": "new", "parameters": {}}')
    assert calls(events_of(model, {"tools": [FIND]})) == [["new", "{}"]]


@pytest.mark.parametrize(("parallel", "number"), [(True, 2), (False, 1)])
def test_an_answer_of_one_call_ends_with_it(parallel: bool, number: int) -> None:
    call = '<tool_call>{"name": "find", "arguments": {}}</tool_call>'
    events = events_of(Model(templates.HERMES, call * 2), {"tools": [FIND], "parallel_tool_calls": parallel})
    assert len(calls(events)) == number
    assert events[-1]["reason"] == "tool_calls"
    assert events[-1]["usage"]["completion"] <= number * len(call)


def test_a_file_may_bring_a_template_for_tools_beside_the_one_for_chats() -> None:
    call = '<tool_call>{"name": "find", "arguments": {}}</tool_call>'
    two = {"tokenizer.chat_template": templates.CHATML, "tokenizer.chat_template.tool_use": templates.HERMES}
    assert calls(events_of(Model("", call, two), {"tools": [FIND]})) == [["find", "{}"]]
    assert told(events_of(Model("", call, two), {}), "text") == call
    past = turns_of([Message("assistant", "", (ToolCall("c", "find", "{}"),))])
    assert events_of(Model("", call, two), {"messages": past})[-1]["event"] == "done"


def test_control_tokens_that_carry_no_form_stay_hidden() -> None:
    events = events_of(Model(templates.HERMES, "a<|im_start|>b<|channel|>c"), {})
    assert told(events, "text") == "abc"


def test_a_forced_call_is_sampled_by_its_schema_and_begun_in_the_prompt() -> None:
    model = Model(templates.HERMES, '{"name": "find", "arguments": {"text": "a"}}')
    sampling = {"max_tokens": 400, "stop": [], "grammar": "root ::= [a]"}
    events = events_of(model, {"tools": [FIND], "tool_choice": "find", "sampling": sampling})
    assert calls(events) == [["find", '{"text": "a"}']]
    (asked,) = model.sequences.asked
    assert json.loads(asked.json_schema)["anyOf"][0]["properties"]["name"] == {"const": "find"}
    assert asked.grammar == ""


def test_a_conversation_is_counted_as_long_as_it_may_become() -> None:
    counted = events_of(Model(templates.HERMES), {"op": "count"})[-1]["tokens"]
    for message in ({}, {"think": False}, {"sampling": {"max_tokens": 4, "stop": [], "grammar": "x"}}):
        assert events_of(Model(templates.HERMES, "a"), message)[-1]["usage"]["prompt"] <= counted


def test_without_a_limit_an_answer_ends_by_itself_or_with_the_context() -> None:
    unlimited = {"sampling": {"max_tokens": 0, "stop": []}}
    model = Model(templates.CHATML, "a" * 100)
    assert told(events_of(model, unlimited), "text") == "a" * 100
    narrow = Model(templates.CHATML, "a" * 100)
    narrow.context_tokens = 60
    last = events_of(narrow, unlimited)[-1]
    assert last["reason"] == "length" and last["usage"]["prompt"] + last["usage"]["completion"] == 60
    narrow.context_tokens = last["usage"]["prompt"]
    assert events_of(narrow, unlimited)[-1]["code"] == "context_length_exceeded"


@pytest.mark.parametrize(
    ("template", "message", "code", "cause"),
    [
        (templates.CHATML, {"tools": [FIND]}, "bad_request", "nothing of tools"),
        (templates.HERMES, {"tools": [FIND], "sampling": {"max_tokens": 4, "stop": [], "grammar": "x"}}, "bad_request", "may also"),
        (templates.HERMES, {"messages": turns_of([Message("assistant", "", (ToolCall("c", "f", "[]"),))])}, "bad_request", "'f'"),
        ("", {}, "engine_failed", "no chat template"),
        (templates.HERMES, {"messages": turns_of([Message("user", "x" * 4000)])}, "context_length_exceeded", "4096"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_told(template: str, message: dict[str, Any], code: str, cause: str) -> None:
    (event,) = events_of(Model(template), message)
    assert (event["event"], event["code"]) == ("error", code)
    assert cause in event["cause"]


def test_what_nobody_foresaw_is_told_to_who_asked_and_the_worker_goes_on() -> None:
    class Odd(Model):
        def tokenize(self, text: str, *, control: bool) -> list[int]:
            if "odd" in text:
                raise OverflowError("int too large")
            return super().tokenize(text, control=control)

    heard: list[Event] = []
    worker = Worker(Odd(templates.CHATML, "a"), heard.extend)
    for op in ("chat", "count"):
        asked = turns_of([Message("user", "odd")])
        worker.take({"id": 1, "op": op, "sampling": {"max_tokens": 4, "stop": []}, "messages": asked})
    assert [(event["event"], event["code"]) for event in heard] == [("error", "engine_failed")] * 2
    assert "OverflowError" in heard[0]["cause"] and "int too large" not in heard[0]["cause"]


def test_a_template_that_can_not_be_read_is_told_to_who_chats() -> None:
    (event,) = events_of(Model("", metadata={"tokenizer.chat_template": "{% for %}"}), {})
    assert "can not be read" in event["cause"]
    (event,) = events_of(Model("{% for %}"), {"op": "count_text", "text": "abc"})
    assert event["tokens"] == 3
