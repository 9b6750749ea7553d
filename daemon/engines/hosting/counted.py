"""Engines with a bounded queue and an account of what they do, whatever their kind."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing

from agents.ports import ChatDelta, ChatEngine, ChatRequest, Roles
from daemon.engines.hosting.tally import Outcome, Tally
from daemon.engines.passing import PassingEngine


class CountedEngine(PassingEngine):
    """A ChatEngine that refuses what it could not answer soon, and counts the rest."""

    def __init__(self, engine: ChatEngine, tally: Tally) -> None:
        super().__init__(engine)
        self._tally = tally

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """As the engine does. Raises EngineBusyError where too many wait, and what the engine raises."""
        turn = self._tally.enter(request.priority)
        outcome: Outcome = "gone"
        try:
            async with aclosing(self.engine.stream(request)) as deltas:
                async for delta in deltas:
                    turn.heard(delta)
                    yield delta
            outcome = "answered"
        except Exception:
            outcome = "failed"
            raise
        finally:
            turn.over(outcome)


def counted(roles: Roles, tallies: Mapping[str, Tally]) -> Roles:
    """The same roles; engines that are shared stay shared, and so do their queues. `tallies` are by name."""
    made = {id(each): CountedEngine(each, tallies[each.name]) for each in roles.engines.values()}
    return Roles({role: made[id(engine)] for role, engine in roles.engines.items()})


def tallies_of(engines: Iterable[ChatEngine], most_waiting: int, on_change: Callable[[], None]) -> dict[str, Tally]:
    """An account for each engine, by name."""
    return {engine.name: Tally(engine.name, most_waiting, on_change=on_change) for engine in engines}
