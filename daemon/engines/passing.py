"""What every engine around another engine shares: it is the other one, but for what it adds to `stream`."""

from collections.abc import Sequence

from agents.ports import ChatEngine, Message


class PassingEngine:
    """A ChatEngine around `engine`; `stream` is for those who inherit."""

    def __init__(self, engine: ChatEngine) -> None:
        self.engine = engine

    @property
    def name(self) -> str:
        """The engine's."""
        return self.engine.name

    @property
    def model(self) -> str:
        """The engine's."""
        return self.engine.model

    @property
    def identity(self) -> str:
        """What tells its model from others; empty where the engine does not say."""
        return str(getattr(self.engine, "identity", ""))

    @property
    def context_tokens(self) -> int:
        """The engine's."""
        return self.engine.context_tokens

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """As the engine does."""
        return await self.engine.count_tokens(messages)
