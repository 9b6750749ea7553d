"""Answers in which a call is a bare JSON object, as Llama 3 writes it, perhaps behind `<|python_tag|>`. Pure.

Without the tag an object is a call only where the answer begins with it and it names a tool of the request: any other
is the answer itself. More calls may follow, with white space, commas or semicolons between them.
"""

import re

from daemon.engines.dialogue.answers.calls import ObjectEnd, json_call
from daemon.engines.dialogue.answers.parts import Called, OpenCall, Part, Said, Schemas, StepParser
from daemon.engines.dialogue.pieces import half

TAG = "<|python_tag|>"
_BETWEEN = " \t\r\n,;"
_NAMED = re.compile(r'\{\s*"name"\s*:\s*"([^"\\]+)"')


class BareParser(StepParser):
    """One answer."""

    def __init__(self, schemas: Schemas) -> None:
        super().__init__()
        self._schemas = schemas
        self._between = True
        self._called = False
        self._end: ObjectEnd | None = None
        self._lead = self._read = 0

    def finish(self) -> list[Part]:
        """The rest: an object that never ended is text."""
        rest, self._held = self._held, ""
        nothing = self._called and not rest.strip(_BETWEEN)
        return [] if nothing else self._said(rest)

    @property
    def open_call(self) -> OpenCall | None:
        """An object that begins with the name of a tool: any other may be the answer itself."""
        if self._end is None:
            return None
        body = self._held[self._lead :]
        named = _NAMED.match(body)
        return OpenCall("{", body) if named and named[1] in self._schemas else None

    def _step(self) -> list[Part] | None:
        """The next parts, None where more must come first."""
        if self._end is not None:
            return self._object(self._end)
        return self._next() if self._between else self._text()

    def _next(self) -> list[Part] | None:
        """At the beginning or behind a call: is this another one?"""
        rest = self._held.lstrip(_BETWEEN)
        tagged = rest.startswith(TAG)
        body = rest.removeprefix(TAG).lstrip() if tagged else rest
        if not body or TAG.startswith(rest):
            return None
        if body.startswith("{"):
            self._lead = self._read = len(self._held) - len(body)
            self._end = ObjectEnd()
            return []
        self._between = False
        return self._taken(len(self._held) - len(body)) if tagged else []

    def _object(self, end: ObjectEnd) -> list[Part] | None:
        at = end.feed(self._held[self._read :])
        if at < 0:
            self._read = len(self._held)
            return None
        ends = self._read + at
        call = self._call(self._held[: self._lead], self._held[self._lead : ends])
        self._end = None
        if call is None:
            self._between = False
            return self._taken(ends)
        self._called = True
        self._held = self._held[ends:]
        return [call]

    def _call(self, lead: str, text: str) -> Called | None:
        call = json_call(text)
        return call if call and (TAG in lead or call.name in self._schemas) else None

    def _text(self) -> list[Part] | None:
        at = self._held.find(TAG)
        if at >= 0:
            self._between = True
            return self._taken(len(self._held[:at].rstrip()))
        safe = len(self._held[: len(self._held) - half(self._held, (TAG,))].rstrip())
        return self._taken(safe) if safe else None

    def _taken(self, length: int) -> list[Part]:
        text, self._held = self._held[:length], self._held[length:]
        return self._said(text)

    def _said(self, text: str) -> list[Part]:
        return [Said(text)] if text else []
