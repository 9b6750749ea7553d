"""Conversations rendered by the chat template that a model brings along."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

Turn = Mapping[str, str]


class ChatTemplate:
    """A compiled template. The date is the day of loading, so that a prompt keeps its bytes as long as it is cached."""

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        today = date.today()
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = today.strftime
        self._template = environment.from_string(source)
        self._tokens = {"bos_token": bos, "eos_token": eos}

    def render(self, messages: Sequence[Turn]) -> str:
        """The prompt, ready for the answer. A template that knows no system turn gets it before the first user turn.

        Raises jinja2.TemplateError where the template refuses the conversation.
        """
        try:
            return self._render(messages)
        except TemplateError:
            folded = fold_system(messages)
            if folded == list(messages):
                raise
            return self._render(folded)

    def _render(self, messages: Sequence[Turn]) -> str:
        turns = [dict(turn) for turn in messages]
        return self._template.render(messages=turns, add_generation_prompt=True, **self._tokens)


def fold_system(messages: Sequence[Turn]) -> list[Turn]:
    """The same conversation with the system turns at the head of the first user turn."""
    system = [turn["content"] for turn in messages if turn["role"] == "system"]
    rest: list[Turn] = [turn for turn in messages if turn["role"] != "system"]
    if not system or not rest or rest[0]["role"] != "user":
        return list(messages)
    first = {"role": "user", "content": "\n\n".join([*system, rest[0]["content"]])}
    return [first, *rest[1:]]


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
