"""A `vllm serve` of ours: started on first need, watched, put to sleep and woken, ended."""

import asyncio
import logging
import os
import re
import secrets
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import httpx

from agents.errors import EngineError
from agents.ports import ChatRequest
from daemon.engines.dialogue.control import control_tokens, pattern_of
from daemon.engines.files.checkpoint import read_checkpoint
from daemon.engines.files.registry import resolve_folder
from daemon.engines.openai.pool import BrokenConnectionError
from daemon.engines.openai.server import Server
from daemon.engines.spec import EngineSpec
from daemon.engines.vllm.adapter import asked_name, read_adapter, served_name
from daemon.engines.vllm.command import Runner, command, environment, find_program, has_random_weights
from daemon.engines.worker.orphans import OWNER, mark
from daemon.engines.worker.process import ChildProcess
from daemon.engines.worker.worker import Launch, Worker

_KEEPER = "daemon.engines.vllm.keeper"
_GRACE = 10.0
_ALIVE_SECONDS = 10.0
_END_SECONDS = 2.0
_PRIORITIES = {"interactive": 0, "save": 1, "bulk": 2}
log = logging.getLogger(__name__)


class VllmServer(Server):
    """Where the server is, with what key, and in what state. Safe to use from threads and coroutines."""

    def __init__(self, spec: EngineSpec, runner: Runner) -> None:
        super().__init__(replace(spec, model=asked_name(spec)))
        self.timeout = httpx.Timeout(spec.stall_seconds if runner == "pooling" else None, connect=10)
        self.worker = Worker(spec.name, self._launch, load_seconds=spec.load_seconds, grace=_GRACE)
        self.proxied = False
        self._asked = spec
        self._runner: Runner = runner
        self.control: re.Pattern[str] | None = None
        """What must not stand in a message; known from the first start on."""
        self._key = ""
        self._idle = threading.Condition()
        self._active = 0
        self._asleep = False
        self._change: Future[None] | None = None

    @property
    def now(self) -> str:
        """`asleep`, or the state of its process."""
        return "asleep" if self._asleep and self.worker.state == "ready" else self.worker.state

    @property
    def memory(self) -> int:
        """MiB of weights and cache on all its devices, as vLLM told; 0 while it is not there."""
        told = self.worker.told.get("memory_mib", 0) if self.now == "ready" else 0
        return int(told) * self.spec.tensor_parallel * self.spec.pipeline_parallel

    def headers(self) -> dict[str, str]:
        """The key of this start."""
        return {"Authorization": f"Bearer {self._key}"}

    def more(self, request: ChatRequest) -> dict[str, object]:
        """Who goes first where not all fit, and that thoughts are left out where nobody wants them."""
        thoughts = {} if request.think else {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}
        return {"priority": _PRIORITIES[request.priority], **thoughts}

    def unreachable(self, error: Exception) -> EngineError:
        """The connection broke: the process is gone, or says nothing (then it is ended)."""
        if isinstance(error, httpx.ReadTimeout) or (isinstance(error, BrokenConnectionError) and error.silent):
            self.end_stalled()
        gone = self.worker.state != "ready"
        return self.worker.error(self.worker.last_cause if gone else f"The connection broke: {type(error).__name__}.")

    def end_stalled(self) -> None:
        """End a process that showed no progress. Returns when it is gone."""
        self.worker.kill(f"It showed no progress for {self.spec.stall_seconds:g} s and was ended.")

    @asynccontextmanager
    async def used(self) -> AsyncIterator[ChildProcess | None]:
        """Running and awake for the length of a block, with the process. Raises EngineError or EngineLoadingError."""
        while (change := self._enter()) is not None:
            await asyncio.wrap_future(change)
            await self.worker.ready(self.spec.stall_seconds)
        try:
            yield self.worker.process
        finally:
            self._leave()

    @contextmanager
    def used_by_thread(self) -> Iterator[ChildProcess | None]:
        """The same for a thread, which waits as long as loading may take."""
        while (change := self._enter()) is not None:
            change.result()
            self.worker.start().result()
        try:
            yield self.worker.process
        finally:
            self._leave()

    async def rest(self) -> None:
        """Free the devices: asleep where the spec allows it, ended otherwise."""
        await asyncio.wrap_future(self._changing(self._rest))

    def died(self, process: ChildProcess | None) -> bool:
        """Whether the process can serve nothing any more; then it is ended. Waits. Not a sign of progress."""
        if process is None or process is not self.worker.process or self.worker.state != "ready":
            return True
        try:
            answer = httpx.get(f"{self._root}/health", headers=self.headers(), timeout=_ALIVE_SECONDS, trust_env=False)
        except httpx.HTTPError as error:
            if process.exited.wait(_END_SECONDS):
                return True  # its keeper knows better why
            cause = f"It does not answer: {type(error).__name__}."
        else:
            if answer.is_success:
                return False
            cause = "Its engine process died."
        self.worker.kill(cause, process)
        return True

    @property
    def _root(self) -> str:
        return self.url.removesuffix("/v1")

    def _launch(self) -> Launch:
        spec = self._asked
        folder = read_checkpoint(resolve_folder(spec), weights=not has_random_weights(spec)).folder
        self.control = pattern_of(control_tokens(folder))
        port, self._key, self._asleep = free_port(), secrets.token_urlsafe(32), False
        self.url = f"http://127.0.0.1:{port}/v1"
        called = command(
            spec, port, program=find_program(spec), model=str(folder), served=served_name(spec), runner=self._runner,
            adapter=read_adapter(spec),
        )  # fmt: skip
        variables = {**environment(spec, self._key, os.environ), OWNER: mark()}
        load = {"command": called, "environment": variables, "url": self.url, "key": self._key}
        log.info("engine %s: %s", spec.name, " ".join(called))
        return Launch((sys.executable, "-P", "-m", _KEEPER), load)

    def _enter(self) -> "Future[None] | None":
        """Count a user in and give None, or what has to be waited for before the next try."""
        with self._idle:
            if self._change is not None and not self._change.done():
                return self._change
            if self._asleep and self.worker.state == "ready":
                return self._begin(self._wake)
            if self.worker.state == "ready":
                self._active += 1
                return None
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def _leave(self) -> None:
        with self._idle:
            self._active -= 1
            self._idle.notify_all()

    def _changing(self, work: Callable[[], None]) -> "Future[None]":
        with self._idle:
            if self._change is not None and not self._change.done():
                return self._change
            return self._begin(work)

    def _begin(self, work: Callable[[], None]) -> "Future[None]":
        """Do it in a thread; those who come meanwhile wait. What fails ends the process, and is tried again from there."""
        change: Future[None] = Future()
        change.set_running_or_notify_cancel()  # it is shared: nobody may cancel it

        def run() -> None:
            try:
                work()
            except (httpx.HTTPError, OSError) as error:
                log.warning("engine %s: it could not be put to sleep or woken: %s", self.spec.name, error)
                self.worker.kill(f"It could not be put to sleep or woken: {type(error).__name__}.")
            finally:
                change.set_result(None)

        self._change = change
        threading.Thread(target=run, name=f"rest-{self.spec.name}").start()
        return change

    def _rest(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._active)
        if self.worker.state != "ready" or self._asleep:
            return
        if not self.spec.sleep:
            self.worker.rest("It rests.")
            return
        self._post(f"/sleep?level={self.spec.sleep}")
        self._asleep = True

    def _wake(self) -> None:
        if self.spec.sleep == 2:
            self._post("/wake_up?tags=weights")
            self._post("/collective_rpc", {"method": "reload_weights"})
            self._post("/wake_up?tags=kv_cache")
        else:
            self._post("/wake_up")
        self._asleep = False

    def _post(self, path: str, body: dict[str, object] | None = None) -> None:
        limit = httpx.Timeout(self.spec.load_seconds, connect=10)
        url = f"{self._root}{path}"
        httpx.post(url, json=body, headers=self.headers(), timeout=limit, trust_env=False).raise_for_status()


def free_port() -> int:
    """A port of the loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
