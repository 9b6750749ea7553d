"""What this package needs from outside: an engine that chats."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Speaker = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls"]
Priority = Literal["interactive", "save", "bulk"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to be called; `arguments` is JSON text, as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may call; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str = ""
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. An assistant's turn may call tools; a tool's turn answers `tool_call_id`.

    `reasoning` is what the model thought before an assistant's turn: some go on from it after a tool's answer.
    """

    role: Speaker
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What to generate. `grammar` is GBNF, `json_schema` a JSON schema; at most one of them is given.

    Somebody waits for an `interactive` answer: it goes before `save` and that before `bulk`. `top_k`, `min_p` and
    the penalties are off at 0. `logprobs` is how many likely tokens are told beside each chosen one, None for none.
    `tool_choice` is a tool's name where that one must be called; without `parallel_tool_calls` an answer has one call
    at most. Without `think` a model that can do without thinking aloud does so: `max_tokens` is for the answer alone.
    With a `max_tokens` of 0 the answer may have what the prompt leaves of the context.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    json_schema: dict[str, object] | None = None
    priority: Priority = "interactive"
    top_k: int = 0
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logprobs: int | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: Literal["auto", "none", "required"] | str = "auto"
    parallel_tool_calls: bool = True
    think: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read, of these reused from the cache, and written."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A chosen token with the natural logarithm of its probability, and the likeliest ones in its place.

    Bytes that are no whole character stand in a token's text as Python's `surrogateescape` writes them.
    """

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of an answer; the last one carries the reason to stop and the usage.

    `reasoning` is what the model thinks aloud, apart from the answer; a tool call comes whole, once it is complete.
    `more` tells that the next piece is here already, so that both may travel in one write.
    """

    text: str
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    more: bool = False


class ChatEngine(Protocol):
    """A model that chats. Closing the iterator of `stream` stops generation within a step."""

    @property
    def name(self) -> str:
        """The engine's name in `famulus.toml`."""
        ...

    @property
    def model(self) -> str:
        """The model's own name, such as `SmolLM2-135M-Instruct.Q4_1`."""
        ...

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Generate. Raises ContextLengthError, EngineError or EngineLoadingError, before or between deltas."""
        ...

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt."""
        ...


@dataclass(frozen=True, slots=True)
class Roles:
    """Which engine plays which role (`planner`, `coder`, …). A role that is not mapped falls to the planner."""

    engines: dict[str, ChatEngine] = field(default_factory=dict)

    def __getitem__(self, role: str) -> ChatEngine:
        return self.engines.get(role) or self.engines["planner"]
