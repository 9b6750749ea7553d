"""What this package needs from outside: an engine that chats."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Speaker = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Speaker
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What to generate. `grammar` is GBNF, `json_schema` a JSON schema; at most one of them is given.

    Somebody waits for an `interactive` answer: it goes before `bulk` ones that have not begun.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    json_schema: dict[str, object] | None = None
    priority: Literal["interactive", "bulk"] = "interactive"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read, of these reused from the cache, and written."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of an answer; the last one carries the reason to stop (`stop` or `length`) and the usage."""

    text: str
    finish_reason: str | None = None
    usage: Usage | None = None


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

    def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
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
