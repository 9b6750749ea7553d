"""Calls that a model makes by itself: what holds each to its tool's schema from its beginning on. Pure.

The parser that will read the answer says where a call begins, so that a mark within thoughts begins none.
"""

import codecs
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from daemon.engines.dialogue.answers.parts import AnswerParser, Called, OpenCall, Schemas
from daemon.engines.dialogue.answers.schemas import NO_ARGUMENTS, one_call

Style = Literal["plain", "json_tags", "function_tags", "bare", "harmony"]


@dataclass(frozen=True, slots=True)
class Body:
    """What the rest of a call must be: JSON by a schema (as text), between white space, and the tag that ends it.

    Of a call in tags, `schema` has the schemas of all tools by name; `lead` is the tag that must come first.
    """

    schema: str
    closer: str = ""
    in_tags: bool = False
    lead: str = ""


@dataclass(frozen=True, slots=True)
class LazyCalls:
    """The tools that may be called, in the form of a model."""

    style: Style
    schemas: Schemas

    def body(self, call: OpenCall) -> Body | None:
        """What must follow the beginning of this call, None where anything may."""
        if self.style == "json_tags":
            return Body(json.dumps(one_call(self.schemas, "arguments")), "</tool_call>")
        if self.style == "function_tags":
            first = call.opener == "<tool_call>"
            closer, lead = ("</tool_call>", "<function=") if first else ("", "")
            return Body(json.dumps(self.schemas), closer, in_tags=True, lead=lead)
        if self.style == "bare":
            return Body(json.dumps(one_call(self.schemas, "parameters")))
        if self.style == "harmony" and call.tool in self.schemas:
            return Body(json.dumps(self.schemas[call.tool] or NO_ARGUMENTS))
        return None

    def bodies(self) -> set[Body]:
        """All that may have to follow the beginning of a call."""
        begun = [OpenCall(opener, "", tool) for opener in ("", "<tool_call>") for tool in ("", *self.schemas)]
        return {body for call in begun if (body := self.body(call)) is not None}


class CallWatch:
    """Follows one answer token by token, and says in which call it is."""

    def __init__(self, parser: Callable[[], AnswerParser], piece: Callable[[int], bytes]) -> None:
        """`parser` makes a parser of the answer, of which nothing was said yet; `piece` gives the bytes of a token."""
        self._parser, self._piece = parser, piece
        self._tokens: list[int] = []
        self._added = 0
        self._reading, self._letters = parser(), _letters()

    @property
    def call(self) -> OpenCall | None:
        """The call that the answer is in."""
        return self._reading.open_call

    @property
    def whole(self) -> bool:
        """Whether the answer does not end within a character."""
        return not self._letters.getstate()[0]

    @property
    def before(self) -> str:
        """What the call had before the last token came."""
        call = self.call
        return "" if call is None else call.body[: max(0, len(call.body) - self._added)]

    def feed(self, token: int) -> bool:
        """One more token; whether a call ended within it."""
        self._tokens.append(token)
        text = self._letters.decode(self._piece(token))
        self._added = len(text)
        return any(isinstance(part, Called) for part in self._reading.feed(text))

    def unsay(self) -> None:
        """Take back the last token."""
        tokens, self._tokens, self._added = self._tokens[:-1], [], 0
        self._reading, self._letters = self._parser(), _letters()
        for token in tokens:
            self.feed(token)


def _letters() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


@dataclass(frozen=True, slots=True)
class Lazily:
    """All that it takes to hold the calls of one answer to their form; `tokenize` and `piece` are the model's own."""

    calls: LazyCalls
    watch: CallWatch
    tokenize: Callable[[str], Sequence[int]]
    piece: Callable[[int], bytes]
