"""What may be named as `model`: the agent, the roles, the engines, their models."""

from collections.abc import Iterable

from agents.ports import ChatEngine, Roles
from daemon.engines.hosting.host import EngineHost
from daemon.envelope import NotFoundError
from vault_sync.ports import Embedder

AGENT = "famulus"
"""The whole agent: retrieval, planning, citations. Straight to an engine it is the planner."""


class ModelNames:
    """The names, and what stands behind each."""

    def __init__(self, host: EngineHost, roles: Roles, embedder: Embedder, given: dict[str, str]) -> None:
        """`given` are the engines by role, as the settings give them; `roles` the engines that chat."""
        self._host, self._roles, self._embedder, self._given = host, roles, embedder, given

    def all(self) -> list[str]:
        """Each name once, the agent first."""
        states = self._host.states()
        names = [AGENT, *self._given, *(s["name"] for s in states), *(s["model"] for s in states)]
        return list(dict.fromkeys(names))

    def chat(self, name: str) -> ChatEngine:
        """The engine that chats by this name; the agent's is the planner. Raises NotFoundError."""
        if name == AGENT or name in self._roles.engines:
            return self._roles["planner" if name == AGENT else name]
        for engine in self._roles.engines.values():
            if name in (engine.name, engine.model):
                return engine
        named = (each for engine in self._roles.engines.values() for each in (engine.name, engine.model))
        raise self.unknown(name, (AGENT, *self._roles.engines, *named))

    def check_embedder(self, name: str) -> None:
        """Raises NotFoundError unless `name` is the embedder."""
        able = ("embedder", self._given["embedder"], self._embedder.spec.model)
        if name not in able:
            raise self.unknown(name, able)

    def unknown(self, name: str, able: Iterable[str] = ()) -> NotFoundError:
        """The error for a model that is unknown, or not among those that are `able` to do what was asked."""
        names = self.all()
        effect = f"The model {name!r} can not do this." if name in names else f"There is no model {name!r}."
        return NotFoundError(effect, "model_not_found", f"Name one of: {', '.join(dict.fromkeys(able or names))}.")
