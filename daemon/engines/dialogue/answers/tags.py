"""Answers with `<think>…</think>` and `<tool_call>…</tool_call>`: Qwen, Hermes and other ChatML models. Pure.

White space next to a tag belongs to the tag. Thoughts stand at the beginning only: a tag further on is text.
"""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from daemon.engines.dialogue.answers.calls import ends_in_string, json_call, tag_call
from daemon.engines.dialogue.answers.parts import Called, OpenCall, Part, Said, Schemas, Thought, first
from daemon.engines.dialogue.pieces import half

_THINK, _THOUGHT = "<think>", "</think>"
_CALL, _CALLED = "<tool_call>", "</tool_call>"
_FUNCTION = "<function="
State = Literal["start", "think", "text", "call", "tail"]


class CallTags(Protocol):
    """How a model marks its calls."""

    @property
    def closers(self) -> Mapping[str, str]:
        """The tag that ends a call by the tag that begins it."""
        ...

    def whole(self, opener: str, body: str) -> bool:
        """Whether a closing tag behind this body ends the call: it may also stand inside of a value."""
        ...

    def read(self, opener: str, body: str) -> Called | None:
        """The call between the tags, None where it is malformed."""
        ...


class JsonTags:
    """`<tool_call>{"name": …, "arguments": {…}}</tool_call>`."""

    closers: Mapping[str, str] = {_CALL: _CALLED}

    def whole(self, opener: str, body: str) -> bool:
        """Not inside of a string."""
        return not ends_in_string(body)

    def read(self, opener: str, body: str) -> Called | None:
        """The JSON object."""
        return json_call(body)


class FunctionTags:
    """`<tool_call><function=…>…</function></tool_call>`; Qwen3-Coder now and then leaves the first tag out."""

    closers: Mapping[str, str] = {_CALL: _CALLED, _FUNCTION: "</function>"}

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def whole(self, opener: str, body: str) -> bool:
        """Behind the end of the function, or of a JSON object in its place."""
        if opener == _FUNCTION:
            return True
        return not ends_in_string(body) if _is_json(body) else body.rstrip().endswith("</function>")

    def read(self, opener: str, body: str) -> Called | None:
        """The function, or the JSON object that a forced call is."""
        if opener == _FUNCTION:
            body = f"{_FUNCTION}{body}</function>"
        return json_call(body) if _is_json(body) else tag_call(body, self._schemas)


def _is_json(body: str) -> bool:
    return body.lstrip().startswith("{")


class TagParser:
    """One answer. `thinks`: thoughts may stand at its beginning; `thinking`: the prompt has opened them already."""

    def __init__(self, calls: CallTags | None, *, thinks: bool, thinking: bool = False) -> None:
        self._calls = calls
        self._openers = tuple(calls.closers) if calls else ()
        self._state: State = "think" if thinking else "start" if thinks else "text"
        self._held = ""
        self._trim = thinking
        self._parts: list[Part] = []
        self._opener = ""
        self._body = self._searched = 0

    def feed(self, text: str) -> list[Part]:
        """The parts that this piece makes certain."""
        self._held += text
        steps: dict[State, Callable[[], bool]] = {
            "start": self._start, "think": self._think, "text": self._text, "call": self._call, "tail": self._tail,
        }  # fmt: skip
        while steps[self._state]():
            pass
        return self._taken()

    def finish(self) -> list[Part]:
        """The rest: an unfinished call that is whole but for its closing tag is one, any other is text."""
        if self._state == "call":
            self._end_call()
        if self._state == "think":
            self._emit(Thought, self._held.rstrip())
        else:
            self._emit(Said, self._held)
        self._held = ""
        return self._taken()

    @property
    def open_call(self) -> OpenCall | None:
        """What follows the tag."""
        return OpenCall(self._opener, self._held[self._body :]) if self._state == "call" else None

    def _taken(self) -> list[Part]:
        parts, self._parts = self._parts, []
        return parts

    def _emit(self, kind: type[Said] | type[Thought], text: str) -> None:
        text = text.lstrip() if self._trim else text
        if text:
            self._trim = False
            self._parts.append(kind(text))

    def _release(self, kind: type[Said] | type[Thought], markers: tuple[str, ...]) -> None:
        """Give out what can be neither the beginning of a marker nor white space before one."""
        safe = len(self._held[: len(self._held) - half(self._held, markers)].rstrip()) if markers else len(self._held)
        self._emit(kind, self._held[:safe])
        self._held = self._held[safe:]

    def _start(self) -> bool:
        begun = self._held.lstrip()
        if begun.startswith(_THINK):
            self._held, self._state, self._trim = begun[len(_THINK) :], "think", True
            return True
        if _THINK.startswith(begun):
            return False
        self._state = "text"
        return True

    def _think(self) -> bool:
        at = self._held.find(_THOUGHT)
        if at < 0:
            self._release(Thought, (_THOUGHT,))
            return False
        self._emit(Thought, self._held[:at].rstrip())
        self._held, self._state, self._trim = self._held[at + len(_THOUGHT) :], "text", True
        return True

    def _text(self) -> bool:
        at, self._opener = first(self._held, self._openers)
        if at < 0:
            self._release(Said, self._openers)
            return False
        before = self._held[:at].rstrip()
        self._emit(Said, before)
        self._held = self._held[len(before) :]
        self._body = self._searched = at - len(before) + len(self._opener)
        self._state = "call"
        return True

    def _call(self) -> bool:
        assert self._calls is not None
        closer = self._calls.closers[self._opener]
        at = self._held.find(closer, self._searched)
        if at < 0:
            self._searched = max(self._body, len(self._held) - len(closer) + 1)
            return False
        end, body = at + len(closer), self._held[self._body : at]
        if not self._calls.whole(self._opener, body):
            self._searched = end
            return True
        self._close(self._calls.read(self._opener, body), end)
        return True

    def _close(self, call: Called | None, end: int) -> None:
        if call is None:
            self._emit(Said, self._held[:end])
            self._state = "text"
        else:
            self._parts.append(call)
            self._trim = True
            self._state = "tail" if self._opener == _FUNCTION else "text"
        self._held = self._held[end:]

    def _tail(self) -> bool:
        """Behind a call without its first tag: the last one still comes."""
        rest = self._held.lstrip()
        if len(rest) < len(_CALLED) and _CALLED.startswith(rest):
            return False
        self._held, self._state = rest.removeprefix(_CALLED), "text"
        return True

    def _end_call(self) -> None:
        assert self._calls is not None
        body = self._held[self._body :]
        cut = half(body, (self._calls.closers[self._opener],))
        call = None if self._opener == _FUNCTION else self._calls.read(self._opener, body[: len(body) - cut])
        self._close(call, len(self._held))
