"""A chat engine that answers by a function of the prompt. For tests of control flow only."""

from collections.abc import AsyncGenerator, Callable, Sequence

from agents.ports import ChatDelta, ChatRequest, Message


class ScriptedEngine:
    """Keeps the requests it was given."""

    name = "scripted"
    context_tokens = 4096

    def __init__(self, answer: Callable[[ChatRequest], str], model: str = "scripted-1") -> None:
        self._answer = answer
        self.model = model
        self.requests: list[ChatRequest] = []

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        self.requests.append(request)
        yield ChatDelta(self._answer(request))
        yield ChatDelta("", "stop")

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) for message in messages)
