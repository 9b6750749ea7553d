"""A chat engine that says what it is told to say, in pieces, and remembers what it was asked."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from agents.ports import ChatDelta, ChatRequest, FinishReason, Message, Usage


@dataclass(slots=True)
class ScriptedChat:
    """Answers every request with `reply`, a few characters at a time; one token is four characters."""

    reply: str = ""
    context_tokens: int = 4096
    name: str = "scripted"
    model: str = "scripted-model"
    requests: list[ChatRequest] = field(default_factory=list)
    closed_early: int = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        self.requests.append(request)
        said = self.reply[: request.max_tokens * 4]
        reason: FinishReason = "stop" if said == self.reply else "length"
        done = False
        try:
            for start in range(0, len(said), 5):
                yield ChatDelta(said[start : start + 5])
            usage = Usage(await self.count_tokens(request.messages), 0, len(said) // 4)
            yield ChatDelta("", reason, usage)
            done = True
        finally:
            self.closed_early += not done

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) // 4 + 4 for message in messages)
