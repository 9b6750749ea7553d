"""An engine's worker over its whole life: loaded on first need, once; started again after a death; closed for good."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

from agents.errors import AgentError, BadRequestError, ContextLengthError, EngineError, EngineLoadingError
from daemon.engines.hosting.lifecycle import EngineState, Happening, Lifecycle
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.orphans import sweep
from daemon.engines.worker.own_build import base_environment, python_command
from daemon.engines.worker.process import ChildProcess, Event

PYTHON_MODULE = "daemon.engines.llama_cpp.native.worker"
_ERRORS = {"context_length_exceeded": ContextLengthError, "bad_request": BadRequestError}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start and what to tell it first; made anew for each start, so that a mended file is seen."""

    command: tuple[str, ...]
    load: Mapping[str, object]
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is added to the environment that all workers have."""


class Worker:
    """The process behind one engine. Safe to use from threads and coroutines."""

    def __init__(
        self, name: str, launch: Callable[[], Launch], *, load_seconds: float = 900.0, grace: float = 3.0
    ) -> None:
        """`grace` is how many seconds a process has between TERM and KILL."""
        self.name = name
        self._launch = launch
        self._load_seconds = load_seconds
        self._grace = grace
        self._resting = False
        self._lock = threading.Lock()
        self._life = Lifecycle()
        self._process: ChildProcess | None = None
        self._loaded: Future[ChildProcess] = Future()
        self.last_cause = ""
        self.told: Event = {}
        self.launched: Mapping[str, object] = {}
        self.starts = 0

    @property
    def state(self) -> EngineState:
        """Where it is now."""
        return self._life.state

    @property
    def pid(self) -> int:
        """The process id of the worker that runs now, 0 if none does."""
        process = self._process
        return process.pid if process and not process.exited.is_set() else 0

    def start(self) -> Future[ChildProcess]:
        """The running process, as soon as it has loaded. Calls that come meanwhile share one start.

        The future raises EngineError. Do not cancel it: it is shared.
        """
        with self._lock:
            if self._life.state in ("loading", "ready"):
                return self._loaded
            self._refuse_if_too_soon()
            self._happen("load")
            self._loaded = Future()
            self.starts += 1
            threading.Thread(target=self._live, args=(self._loaded,), name=f"engine-{self.name}", daemon=True).start()
            return self._loaded

    async def ready(self, wait_seconds: float) -> ChildProcess:
        """The running process. Raises EngineLoadingError when loading takes longer than `wait_seconds`."""
        started = asyncio.shield(asyncio.wrap_future(self.start()))
        try:
            return await asyncio.wait_for(started, wait_seconds)
        except TimeoutError:
            raise self.still_loading() from None

    def still_loading(self) -> EngineLoadingError:
        """The error of somebody who will not wait longer."""
        return EngineLoadingError(
            f"The engine {self.name!r} does not answer yet.", "It is still loading.", "Try again in a minute."
        )

    def answered(self) -> None:
        """Say that a request was served to its end: earlier deaths are forgiven."""
        with self._lock:
            self._happen("answered")

    def asked_again(self, because: str) -> None:
        """Say why a request is made once more: a warning, unless its process was to rest. One that is closed refuses it."""
        if self.state == "closed":
            return
        level = logging.INFO if self.state == "stopped" else logging.WARNING
        log.log(level, "engine %s is asked again: %s", self.name, because)

    @property
    def process(self) -> ChildProcess | None:
        """The process that was started last."""
        return self._process

    def kill(self, because: str, process: ChildProcess | None = None) -> None:
        """End the process that runs now, or the given one, as a failure; the next request starts another."""
        process = process or self._process
        if process is not None:
            process.terminate(because, self._grace)

    def rest(self, because: str) -> None:
        """End the process without blame; the next request starts another. Returns when it is gone."""
        with self._lock:
            process = self._process if self._life.state in ("loading", "ready") else None
            self._resting = process is not None
        if process is not None:
            process.terminate(because, self._grace)

    def close(self) -> None:
        """End the process, for good. Returns when it is gone."""
        with self._lock:
            self._happen("close")
            process = self._process
        if process is not None:
            process.terminate("The engine was closed.", self._grace)

    def error(self, cause: str) -> EngineError:
        """The error of a request whose process is gone."""
        return EngineError(
            f"The engine {self.name!r} gave no answer.", cause, "Ask again: it is started anew. The log has more."
        )

    def _refuse_if_too_soon(self) -> None:
        if self._life.state == "closed":
            raise EngineError(f"The engine {self.name!r} gave no answer.", "It is closed.", "Start Famulus again.")
        wait = self._life.retry_at - time.monotonic()
        if self._life.state == "failed" and wait > 0:
            raise EngineError(
                f"The engine {self.name!r} gave no answer.",
                self.last_cause,
                f"It failed {self._life.failures} times and is tried again in {wait:.0f} s.",
            )

    def _happen(self, happening: Happening) -> None:
        self._life = self._life.after(happening, time.monotonic())

    def _live(self, loaded: Future[ChildProcess]) -> None:
        """One life, in a thread of its own, from the checks of the file to the exit of the process."""
        sweep()
        try:
            launch = self._launch()
        except AgentError as error:
            self._end(loaded, error)
            return
        self.launched = launch.load
        process = ChildProcess(
            launch.command,
            {**base_environment(), **launch.environment},
            self.name,
            lambda event: self._hear(loaded, event),
        )
        with self._lock:
            closed = self._life.state == "closed"
            if not closed:
                self._process = process
        if closed:
            self._end(loaded, self.error("It was closed while it loaded."))
            return
        process.send({"op": "load", **launch.load})
        timer = threading.Timer(self._load_seconds, self._too_slow, (loaded, process))
        timer.daemon = True
        timer.start()
        loaded.add_done_callback(lambda _: timer.cancel())
        process.run()

    def _too_slow(self, loaded: Future[ChildProcess], process: ChildProcess) -> None:
        if not loaded.done():
            process.terminate(f"It did not load within {self._load_seconds:.0f} s.", self._grace)

    def _hear(self, loaded: Future[ChildProcess], event: Event) -> None:
        if event["event"] == "loaded":
            with self._lock:
                self._happen("loaded")
                self.told = event
                process = self._process
            if process is not None:
                _settle(loaded, process)
        elif event["event"] == "error":
            self._end(loaded, error_of(event))
        elif event["event"] == "exit":
            self._end(loaded, self.error(str(event["cause"])))

    def _end(self, loaded: Future[ChildProcess], error: AgentError) -> None:
        with self._lock:
            before = self._life.state
            if loaded is self._loaded:  # else another process has been started since
                self._happen("rested" if self._resting else "died")
                self._resting = False
            if self._life.state != before:
                self.last_cause = error.cause  # the first word of an end says more than the last one
        log.log(
            logging.INFO if self.state in ("closed", "stopped") else logging.WARNING,
            "engine %s: %s",
            self.name,
            error.cause,
        )
        _settle(loaded, error)


def _settle(loaded: Future[ChildProcess], result: ChildProcess | AgentError) -> None:
    with suppress(InvalidStateError):  # an end after the loading is told through the sinks
        if isinstance(result, ChildProcess):
            loaded.set_result(result)
        else:
            loaded.set_exception(result)


def error_of(event: Event) -> AgentError:
    """The error that a worker reports in an event."""
    kind = _ERRORS.get(str(event["code"]), EngineError)
    return kind(str(event["effect"]), str(event["cause"]), str(event["fix"]))


def python_worker(spec: EngineSpec | None = None) -> tuple[str, ...]:
    """The command of a llama.cpp worker, by the spec's own Python where it names one."""
    return python_command(PYTHON_MODULE, spec)
