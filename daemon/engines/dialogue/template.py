"""Conversations rendered by the chat template that a model brings along."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon.engines.dialogue.toolturns import one_by_one, with_objects

Turn = Mapping[str, Any]
"""A turn in the form that templates know: `role`, `content`, and `tool_calls` (arguments as JSON text),
`tool_call_id`, `name` and `reasoning_content` where they are needed."""
_WORDS = ("probedtool", "probedkey", "probedvalue", "probedresult", "probedother")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a template shows of tools; found by trying, since templates forget silently what they do not know."""

    tools: bool
    """Tools are told."""
    calls: bool
    """Past calls and their results are told."""
    written: bool
    """Arguments stand as they were written, not as an object that is written anew."""
    several: bool
    """All calls of a turn are told, not only the first."""


class ChatTemplate:
    """A compiled template. The date is the day of loading, so that a prompt keeps its bytes as long as it is cached."""

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        today = date.today()
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = today.strftime
        environment.filters["tojson"] = _json
        self._template = environment.from_string(source)
        self._tokens = {"bos_token": bos, "eos_token": eos}
        self.abilities = self._abilities()

    def render(self, messages: Sequence[Turn], tools: Sequence[Mapping[str, Any]] = (), *, think: bool = True) -> str:
        """The prompt, ready for the answer. A template that knows no system turn gets it before the first user turn.

        Without `think` a model that can leave its thoughts out is told to. Raises jinja2.TemplateError where the
        template refuses the conversation.
        """
        turns = list(messages) if self.abilities.several else one_by_one(messages)
        turns = turns if self.abilities.written else with_objects(turns)
        try:
            return self._render(turns, tools, think)
        except TemplateError:
            folded = fold_system(turns)
            if folded == turns:
                raise
            return self._render(folded, tools, think)

    def _render(self, messages: Sequence[Turn], tools: Sequence[Mapping[str, Any]], think: bool = True) -> str:
        turns = [dict(turn) for turn in messages]
        thoughts = {} if think else {"enable_thinking": False, "thinking": False}
        return self._template.render(
            messages=turns, tools=list(tools) or None, add_generation_prompt=True, **thoughts, **self._tokens
        )

    def _abilities(self) -> Abilities:
        name, key, value, result, other = _WORDS
        written = json.dumps({key: value})
        one, two = _probe(name, written), _probe(name, written, other)
        called = self._tried(with_objects(one), tools=True)
        return Abilities(
            tools=name in self._tried(one[:1], tools=True),
            calls=all(word in called for word in (name, key, value, result)),
            written=written in self._tried(one, tools=True),
            several=other in self._tried(with_objects(two), tools=True),
        )

    def _tried(self, turns: Sequence[Turn], *, tools: bool) -> str:
        """The prompt, "" where the template refuses."""
        schema = {"type": "object", "properties": {_WORDS[1]: {"type": "string", "description": ""}}}
        tool = {"type": "function", "function": {"name": _WORDS[0], "description": "", "parameters": schema}}
        try:
            return self._render(turns, [tool] if tools else [])
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
            return ""


def _probe(name: str, arguments: str, *others: str) -> list[Turn]:
    calls = [
        {"id": f"call{index}", "type": "function", "function": {"name": each, "arguments": arguments}}
        for index, each in enumerate((name, *others))
    ]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "name": each, "content": _WORDS[3]}
        for call, each in zip(calls, (name, *others), strict=True)
    ]
    return [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": calls}, *results]


def fold_system(messages: Sequence[Turn]) -> list[Turn]:
    """The same conversation with the system turns at the head of the first user turn."""
    system = [turn["content"] for turn in messages if turn["role"] == "system"]
    rest: list[Turn] = [turn for turn in messages if turn["role"] != "system"]
    if not system or not rest or rest[0]["role"] != "user":
        return list(messages)
    first = {"role": "user", "content": "\n\n".join([*system, rest[0]["content"]])}
    return [first, *rest[1:]]


def _json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **more: Any) -> str:
    """JSON as templates are written for: neither sorted nor escaped for HTML, unlike Jinja's own filter."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **more)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
