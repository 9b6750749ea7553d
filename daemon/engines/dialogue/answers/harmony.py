"""Answers in channels, as gpt-oss writes them (OpenAI's harmony format). Pure.

`<|channel|>analysis<|message|>…<|end|>` is thought, `final` and `commentary` are text, and a message to a recipient,
`<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>{…}<|call|>`, is a call. The recipient may also
stand before the channel, and the end of the whole answer may take the place of the last mark.
"""

import re
from typing import Literal

from daemon.engines.dialogue.answers.calls import json_call, json_object
from daemon.engines.dialogue.answers.parts import Called, OpenCall, Part, Said, StepParser, Thought, first
from daemon.engines.dialogue.pieces import half

START, CHANNEL, MESSAGE, CONSTRAIN, END = "<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>"
_STRAY = (END, "<|call|>", "<|return|>")
CONTROLS = frozenset({START, CHANNEL, MESSAGE, CONSTRAIN, *_STRAY})
_ENDS = (*_STRAY, START)
_HEADS = (START, CHANNEL, MESSAGE, CONSTRAIN, " to=")
_RECIPIENT = re.compile(r"\bto=(?:functions\.)?([\w.:/-]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
Body = Literal["thought", "text", "call"]


class HarmonyParser(StepParser):
    """One answer, which begins behind `<|start|>assistant`. Without `calls` a message to a tool is text."""

    def __init__(self, *, calls: bool) -> None:
        super().__init__()
        self._calls = calls
        self._header = ""
        self._body: Body | None = None

    def finish(self) -> list[Part]:
        """The rest. A header that was cut off says nothing."""
        rest, self._held = self._held, ""
        if self._body is None:
            return [] if rest.startswith((START, CHANNEL, CONSTRAIN)) else self._said(rest)
        return self._whole(rest[: len(rest) - half(rest, _ENDS)] if self._body == "call" else rest, rest)

    @property
    def open_call(self) -> OpenCall | None:
        """What follows the header; the recipient is named there."""
        recipient = _RECIPIENT.search(self._header)
        if self._body != "call" or recipient is None:
            return None
        return OpenCall(MESSAGE, self._held, recipient[1])

    def _step(self) -> list[Part] | None:
        """The next parts, None where more must come first."""
        if self._body is None:
            return self._head()
        at, mark = first(self._held, _ENDS) if "<" in self._held else (-1, "")
        if at < 0:
            return self._certain()
        ends = at if mark == START else at + len(mark)
        parts = self._whole(self._held[:at], self._held[:ends])
        self._held, self._body = self._held[ends:], None
        return parts

    def _head(self) -> list[Part] | None:
        """At the beginning or behind a message: what comes next?"""
        for mark in _STRAY:
            if self._held.startswith(mark):
                self._held = self._held[len(mark) :]
                return []
        if not any(self._held.startswith(mark[: len(self._held)]) for mark in (*_HEADS, *_STRAY)):
            self._header, self._body = "", "text"
            return []
        at = self._held.find(MESSAGE) + len(MESSAGE)
        if at < len(MESSAGE):
            return None
        self._header, self._held = self._held[:at], self._held[at:]
        self._body = _kind(self._header)
        return []

    def _certain(self) -> list[Part] | None:
        """What is certain of a body that goes on."""
        safe = len(self._held) - (half(self._held, _ENDS) if "<" in self._held else 0)
        if self._body == "call" or not safe:
            return None
        text, self._held = self._held[:safe], self._held[safe:]
        return self._said(text)

    def _whole(self, body: str, raw: str) -> list[Part]:
        """The rest of a body; `raw` is how it stands in the answer."""
        if self._body != "call":
            return self._said(body)
        call = _call(self._header, body) if self._calls else None
        return [call or Said(self._header + raw)]

    def _said(self, text: str) -> list[Part]:
        if not text:
            return []
        return [Thought(text) if self._body == "thought" else Said(text)]


def _call(header: str, body: str) -> Called | None:
    recipient = _RECIPIENT.search(header)
    if recipient is None or recipient[1] == "functions":  # a forced call names the tool in its JSON
        return json_call(body)
    arguments = json_object(body)
    return None if arguments is None else Called(recipient[1], arguments)


def _kind(header: str) -> Body:
    if _RECIPIENT.search(header):
        return "call"
    channel = _CHANNEL.search(header)
    return "thought" if channel and channel[1] == "analysis" else "text"
