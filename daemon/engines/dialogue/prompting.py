"""What a chat becomes for a model: the prompt, what holds the answer to its form, and the parser that reads it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from jinja2 import TemplateError

from daemon.engines.dialogue.answers.calls import json_object
from daemon.engines.dialogue.answers.format import recognised
from daemon.engines.dialogue.answers.lazy import LazyCalls
from daemon.engines.dialogue.answers.parts import AnswerParser, PlainParser, Schemas
from daemon.engines.dialogue.pieces import Defuser
from daemon.engines.dialogue.template import ChatTemplate, Turn
from daemon.engines.worker import errors as worker_errors

Tools = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as it comes to a worker: turns and tools in OpenAI's form. `constrained`: by a grammar or a schema.

    Without `think` the answer begins at once, unless it may be a call.
    """

    messages: Sequence[Turn]
    tools: Tools = ()
    tool_choice: str = "auto"
    constrained: bool = False
    think: bool = True

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Chat":
        """The chat in a message to a worker."""
        sampling = message.get("sampling", {})
        constrained = bool(sampling.get("grammar") or sampling.get("json_schema"))
        choice, think = message.get("tool_choice", "auto"), message.get("think", True)
        return cls(message["messages"], message.get("tools", ()), choice, constrained, think)

    @property
    def schemas(self) -> Schemas:
        """The schemas of the tools that may be called."""
        schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in self.tools}
        if self.tool_choice in ("auto", "required"):
            return schemas
        return {name: schema for name, schema in schemas.items() if name == self.tool_choice}

    @property
    def about_tools(self) -> bool:
        """Whether tools are offered or were called."""
        return bool(self.tools) or any(turn.get("tool_calls") or turn["role"] == "tool" for turn in self.messages)

    @property
    def forced(self) -> bool:
        """Whether the answer has to be a call."""
        return bool(self.schemas) and self.tool_choice != "auto"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The prompt, with the beginning of the answer where that is fixed; `schema` is what a forced call must follow.

    `calls` are those that may be made, and `again` makes another parser of the same answer.
    """

    prompt: str
    parser: AnswerParser
    schema: Mapping[str, object] | None = None
    calls: LazyCalls | None = None
    again: Callable[[], AnswerParser] = PlainParser


class Prompter:
    """Renders the chats of one model by its template."""

    def __init__(self, source: str, control_texts: set[str], *, bos: str = "", eos: str = "") -> None:
        self.format = recognised(source)
        self._defuse = Defuser(control_texts | self.format.controls)
        self._template = ChatTemplate(source, bos=bos, eos=eos)

    def prompt(self, chat: Chat) -> str:
        """The prompt, ready for the answer. Raises WorkerError where the template does not take the conversation."""
        self._check(chat)
        think = chat.think and not (chat.constrained or chat.forced)
        turns, tools = [self._safe_turn(turn) for turn in chat.messages], [self._safe(tool) for tool in chat.tools]
        try:
            return self._template.render(turns, tools, think=think)
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise worker_errors.template_refused(error) from error

    def prepare(self, chat: Chat) -> Prepared:
        """Prompt, parser and schema of an answer. Raises WorkerError."""
        try:
            return self._prepared(chat)
        except RecursionError as error:
            raise worker_errors.too_deep() from error

    def _prepared(self, chat: Chat) -> Prepared:
        prompt, schemas = self.prompt(chat), chat.schemas
        if chat.forced:
            forced = self.format.forced(schemas, prompt)
            return self._begun(Prepared(prompt, self.format.parser(schemas, prompt), forced.schema), forced.beginning)
        if chat.constrained or not (chat.think or schemas):
            return self._begun(Prepared(prompt, self.format.parser({}, prompt)), self.format.answering(prompt))
        parser = partial(self.format.parser, schemas, prompt)
        return Prepared(prompt, parser(), calls=self.format.lazy(schemas) if schemas else None, again=parser)

    def _begun(self, prepared: Prepared, beginning: str) -> Prepared:
        prepared.parser.feed(beginning)
        return replace(prepared, prompt=prepared.prompt + beginning)

    def _check(self, chat: Chat) -> None:
        """Raises WorkerError for what the model can not be told, or what could not be read from its answer."""
        abilities = self._template.abilities
        past = replace(chat, tools=()).about_tools
        if (chat.tools and not abilities.tools) or (past and not abilities.calls):
            raise worker_errors.no_tools()
        if chat.schemas and not self.format.calls:
            raise worker_errors.unknown_calls()
        if chat.schemas and chat.constrained and not chat.forced:
            raise worker_errors.tools_and_form()

    def _safe_turn(self, turn: Turn) -> Turn:
        safe: dict[str, Any] = self._safe(turn)
        for call in safe.get("tool_calls") or []:
            if json_object(call["function"]["arguments"]) is None:
                raise worker_errors.bad_arguments(call["function"]["name"])
        if safe.get("reasoning_content") and not safe["content"]:
            safe["thinking"] = safe["reasoning_content"]  # gpt-oss has one place for both
        return safe

    def _safe(self, value: Any) -> Any:
        """A copy in which no text is a control token: tools and their results are data, too."""
        if isinstance(value, str):
            return self._defuse(value)
        if isinstance(value, Mapping):
            return {self._defuse(str(key)): self._safe(one) for key, one in value.items()}
        return [self._safe(one) for one in value] if isinstance(value, list | tuple) else value
