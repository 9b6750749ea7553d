"""The shapes of `/v1/chat/completions`."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agents.errors import BadRequestError
from agents.ports import ChatRequest, Message, TokenLogprob, Tool, ToolCall, Usage
from daemon.engines.dialogue.answers.calls import json_object
from daemon.lenient import Lenient
from vault_sync.search.filter import Filter

ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/-]{1,64}$")]
_CHOICES = ("auto", "none", "required")
_MOST_CANDIDATES = 2**31 - 1
"""What fits the number that engines keep `top_k` in; no vocabulary is as large."""
_UNANSWERED = "The request can not be answered."


class CalledFunction(Lenient):
    """What was called: a name, and JSON text."""

    name: ToolName
    arguments: str = "{}"


class CallBody(Lenient):
    """A call of a tool in an assistant's turn."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction

    def call(self) -> ToolCall:
        """The call. Raises BadRequestError where the arguments are no JSON object."""
        arguments = json_object(self.function.arguments or "{}")
        if arguments is None:
            cause = f"The arguments of the call {self.id!r} are no JSON object."
            raise BadRequestError(_UNANSWERED, cause, "Send past calls back as they came.")
        return ToolCall(self.id, self.function.name, arguments)


class ChatMessage(Lenient):
    """A turn as OpenAI clients send it."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | None = None
    """Text. What comes in parts is joined; of the kinds of parts only text is understood."""
    tool_calls: list[CallBody] | None = None
    tool_call_id: str = ""
    reasoning_content: str | None = None

    @field_validator("content", mode="before")
    @classmethod
    def _joined(cls, content: Any) -> Any:
        return "".join(map(_part_text, content)) if isinstance(content, list) else content

    @property
    def text(self) -> str:
        """The content, empty where there is none."""
        return self.content or ""

    def message(self) -> Message:
        """The turn as engines know it. Raises BadRequestError."""
        role = "system" if self.role == "developer" else self.role
        if role != "assistant":
            return Message(role, self.text, tool_call_id=self.tool_call_id if role == "tool" else "")
        calls = tuple(call.call() for call in self.tool_calls or ())
        return Message(role, self.text, calls, reasoning=self.reasoning_content or "")

    def plain(self) -> Message:
        """The turn as the agents know it: without tools, whose results are words of the user."""
        role: Literal["system", "user", "assistant"]
        role = "system" if self.role in ("system", "developer") else "assistant" if self.role == "assistant" else "user"
        return Message(role, self.text)


def _part_text(part: Any) -> str:
    """The text of a part of a message's content. Raises ValueError where it is none."""
    kind = part.get("type") if isinstance(part, dict) else type(part).__name__
    text = part.get(kind) if kind in ("text", "refusal") else None
    if not isinstance(text, str):
        raise ValueError(f"it has a part of the type {kind!r}, and only text is understood")
    return text


class Focus(Lenient):
    """Our own field in a chat request: narrow the retrieval to a note, folder, tag or time."""

    path: str | None = None
    folder: str = ""
    tag: str = ""
    after: date | None = None
    before: date | None = None

    def filter(self, note: str | None) -> Filter:
        """The filter that it means; `note` is the path of the note that it names, which is a folder of one."""
        return Filter(note or self.folder, self.tag, self.after, self.before)


class StreamOptions(Lenient):
    """OpenAI's `stream_options`."""

    include_usage: bool = False


class FunctionBody(Lenient):
    """A function that may be called. Without `parameters` it has none."""

    name: ToolName
    description: str | None = None
    parameters: dict[str, Any] | None = None


class ToolBody(Lenient):
    """A tool; only functions are known."""

    type: Literal["function"]
    function: FunctionBody

    def tool(self) -> Tool:
        """The tool as engines know it."""
        function = self.function
        return Tool(function.name, function.description or "", function.parameters or {})


class ChosenFunction(BaseModel):
    """The name in a choice."""

    name: str


class ChosenTool(BaseModel):
    """The tool that must be called."""

    type: Literal["function"]
    function: ChosenFunction


class SchemaBody(Lenient):
    """The schema in a `response_format`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    schema_: dict[str, Any] = Field({}, alias="schema")


class ResponseFormat(Lenient):
    """OpenAI's `response_format`."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaBody | None = None

    @property
    def schema_(self) -> dict[str, Any] | None:
        """The JSON schema that the answer must follow, None for any text."""
        if self.type == "text":
            return None
        return (self.json_schema.schema_ if self.json_schema else {}) or {"type": "object"}


class ChatCompletionRequest(Lenient):
    """The part of OpenAI's request that has an effect here; other fields are accepted and ignored.

    `top_k`, `min_p`, `grammar` (GBNF) and `chat_template_kwargs` are llama-server's and vLLM's; of the latter and of
    `reasoning_effort` only that nothing is to be thought has an effect.
    """

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(0.0, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=-1)
    min_p: float = Field(0.0, ge=0, le=1)
    frequency_penalty: float = Field(0.0, ge=-2, le=2)
    presence_penalty: float = Field(0.0, ge=-2, le=2)
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int = 1
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    response_format: ResponseFormat | None = None
    grammar: str | None = None
    tools: list[ToolBody] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    famulus: Focus = Focus()

    @field_validator("n")
    @classmethod
    def _is_one(cls, n: int) -> int:
        if n != 1:
            raise ValueError("one answer is made for each request; for more answers send it more often")
        return n

    @field_validator("seed")
    @classmethod
    def _any_engine_takes(cls, seed: int | None) -> int | None:
        """At most 63 bits and not negative; -1 is what llama-server and vLLM call no seed."""
        return None if seed in (None, -1) else seed % 2**63

    @property
    def limit(self) -> int:
        """The most tokens that the answer may have, 0 where nobody says."""
        return self.max_completion_tokens or self.max_tokens or 0

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def schema_(self) -> dict[str, Any] | None:
        """The JSON schema that the answer must follow, None for any text."""
        return self.response_format.schema_ if self.response_format else None

    @property
    def beside_notes(self) -> str:
        """The first field that asks for what an answer from the notes can not have, "" where there is none."""
        if self.tools and self.tool_choice != "none":
            return "tools"
        if self.grammar:
            return "grammar"
        return "response_format" if self.schema_ is not None else "logprobs" if self.logprobs else ""

    def request(self) -> ChatRequest:
        """The request as engines know it. Raises BadRequestError where its parts do not fit together."""
        messages = tuple(message.message() for message in self.messages)
        _check_results(messages)
        if self.grammar and self.schema_ is not None:
            raise BadRequestError(_UNANSWERED, "It has both a grammar and a response_format.", "Leave one of them out.")
        if self.top_logprobs and not self.logprobs:
            raise BadRequestError(_UNANSWERED, "top_logprobs is given without logprobs.", "Set logprobs to true, too.")
        return ChatRequest(
            messages,
            self.limit,
            self.temperature,
            self.top_p,
            self.seed,
            self.stops,
            grammar=self.grammar or None,
            json_schema=self.schema_,
            top_k=min(max(self.top_k, 0), _MOST_CANDIDATES),
            min_p=self.min_p,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            tools=(tools := tuple(tool.tool() for tool in self.tools or ())),
            tool_choice=self._choice(tools),
            parallel_tool_calls=self.parallel_tool_calls is not False,
            think=self._thinking,
        )

    @property
    def _thinking(self) -> bool:
        return self.reasoning_effort != "none" and (self.chat_template_kwargs or {}).get("enable_thinking") is not False

    def _choice(self, tools: tuple[Tool, ...]) -> str:
        names = [tool.name for tool in tools]
        if len({*names, *_CHOICES}) < len(names) + len(_CHOICES):
            cause = f"Two tools have the same name, or one is called {', '.join(_CHOICES)}."
            raise BadRequestError(_UNANSWERED, cause, "Give each a name of its own.")
        if isinstance(self.tool_choice, ChosenTool):
            wanted = self.tool_choice.function.name
            if wanted not in names:
                cause = f"tool_choice names the tool {wanted!r}, which is not among the tools."
                raise BadRequestError(_UNANSWERED, cause, "Name one of the tools, or add it to them.")
            return wanted
        if self.tool_choice == "required" and not tools:
            raise BadRequestError(_UNANSWERED, "A tool must be called and there is none.", "Send the tools.")
        return self.tool_choice or "auto"


def _check_results(messages: Iterable[Message]) -> None:
    """Raises BadRequestError for a tool's turn that answers no call before it."""
    called: set[str] = set()
    for message in messages:
        called |= {call.id for call in message.tool_calls}
        if message.role == "tool" and message.tool_call_id not in called:
            cause = f"The tool's turn answers the call {message.tool_call_id!r}, which no turn before it has made."
            raise BadRequestError(_UNANSWERED, cause, "Send the assistant's turn with its tool_calls, too.")


def call_json(call: ToolCall) -> dict[str, Any]:
    """A call as OpenAI clients read it."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def logprobs_json(logprobs: Iterable[TokenLogprob]) -> dict[str, Any]:
    """Log probabilities as OpenAI clients read them."""
    content = [
        {**_token(one.token, one.logprob), "top_logprobs": [_token(text, value) for text, value in one.top]}
        for one in logprobs
    ]
    return {"content": content, "refusal": None}


def _token(text: str, logprob: float) -> dict[str, Any]:
    data = text.encode("utf-8", "surrogateescape")
    return {"token": data.decode("utf-8", "replace"), "bytes": list(data), "logprob": logprob}


def usage_json(usage: Usage) -> dict[str, Any]:
    """Usage as OpenAI clients read it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
