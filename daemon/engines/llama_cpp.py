"""Chat by a GGUF file, through a worker process."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

from agents.ports import ChatDelta, ChatRequest, Message, Usage
from daemon.engines.gguf import fingerprint, read_header
from daemon.engines.lifecycle import EngineState
from daemon.engines.process import ChildProcess, Event
from daemon.engines.registry import parts_of, resolve_model
from daemon.engines.spec import EngineSpec
from daemon.engines.turnstile import BULK, INTERACTIVE, Turnstile
from daemon.engines.worker import Launch, Worker, error_of, python_worker


def llama_worker(spec: EngineSpec) -> Worker:
    """The worker for a spec. The file is looked for and checked at each start."""
    return Worker(spec.name, lambda: _launch(spec), load_seconds=spec.load_seconds)


def _launch(spec: EngineSpec) -> Launch:
    path = resolve_model(spec)
    for part in parts_of(path):
        read_header(part)
    load = {
        "path": str(path), "context": spec.context, "gpu_layers": spec.gpu_layers, "devices": spec.devices,
        "threads": spec.threads, "pooling": spec.pooling, "max_tokens": spec.max_tokens,
    }  # fmt: skip
    return Launch(python_worker(), load)


class LlamaCppEngine:
    """A ChatEngine on a GGUF file. One answer at a time; others wait, interactive ones before bulk."""

    def __init__(self, spec: EngineSpec, worker: Worker, turnstile: Turnstile) -> None:
        self._spec = spec
        self._worker = worker
        self._turnstile = turnstile

    @property
    def name(self) -> str:
        """The engine's name in `famulus.toml`."""
        return self._spec.name

    @property
    def model(self) -> str:
        """The file's name without its ending."""
        return model_name(self._spec)

    @property
    def identity(self) -> str:
        """Name and fingerprint of the file: another file under the same name is another model."""
        path = resolve_model(self._spec)
        return f"{self.model}@{fingerprint(path)}"

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        return self._spec.context

    @property
    def state(self) -> EngineState:
        """The worker's state."""
        return self._worker.state

    async def start(self) -> None:
        """Load the model now instead of on the first request."""
        await self._worker.ready(self._spec.load_seconds)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Generate. Raises ContextLengthError, BadRequestError, EngineError or EngineLoadingError."""
        urgency = BULK if request.priority == "bulk" else INTERACTIVE
        async with self._turnstile.async_turn(urgency):
            process = await self._worker.ready(self._spec.stall_seconds)
            exchange = _Exchange(process, self._worker, self._spec.stall_seconds)
            try:
                exchange.send({"op": "chat", **_wire(request)})
                while True:
                    event = await exchange.next()
                    if event["event"] == "done":
                        self._worker.answered()
                        yield ChatDelta(event["text"], event["reason"], _usage(event["usage"]))
                        return
                    if event["event"] == "token" and event["text"]:
                        yield ChatDelta(event["text"])
            finally:
                exchange.close()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt, exactly; does not wait for a running answer."""
        process = await self._worker.ready(self._spec.stall_seconds)
        exchange = _Exchange(process, self._worker, self._spec.stall_seconds)
        try:
            exchange.send({"op": "count", "messages": _turns(messages)})
            return int((await exchange.next())["tokens"])
        finally:
            exchange.close()


class _Exchange:
    """One request and the events that answer it, in a coroutine, under a watch on progress."""

    def __init__(self, process: ChildProcess, worker: Worker, stall_seconds: float) -> None:
        self._process = process
        self._worker = worker
        self._stall_seconds = stall_seconds
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._over = False
        self._request = process.open(self._hear)

    def send(self, message: dict[str, object]) -> None:
        """Hand the request over."""
        self._process.send({**message, "id": self._request})

    async def next(self) -> Event:
        """The next event. Raises what the worker reports; a worker without progress is ended."""
        try:
            event = await asyncio.wait_for(self._events.get(), self._stall_seconds)
        except TimeoutError:
            because = f"It showed no progress for {self._stall_seconds:g} s and was ended."
            await asyncio.to_thread(self._process.terminate, because)
            self._over = True
            raise self._worker.error(because) from None
        self._over = event["event"] in ("done", "error", "exit", "count")
        if event["event"] == "error":
            raise error_of(event)
        if event["event"] == "exit":
            raise self._worker.error(str(event["cause"]))
        return event

    def close(self) -> None:
        """Hear nothing more, and stop the worker's effort if it has not finished."""
        self._process.close(self._request)
        if not self._over:
            self._process.send({"op": "cancel", "id": self._request})

    def _hear(self, event: Event) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)


def model_name(spec: EngineSpec) -> str:
    """The name of a model file as users know it: without folder and ending."""
    return resolve_model(spec, must_exist=False).name.removesuffix(".gguf")


def _turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _wire(request: ChatRequest) -> dict[str, object]:
    sampling = {
        "max_tokens": request.max_tokens, "temperature": request.temperature, "top_p": request.top_p,
        "seed": request.seed, "stop": list(request.stop), "grammar": request.grammar or "",
        "json_schema": json.dumps(request.json_schema) if request.json_schema else "",
    }  # fmt: skip
    return {"messages": _turns(request.messages), "sampling": sampling}


def _usage(counts: Event) -> Usage:
    return Usage(counts["prompt"], counts["cached"], counts["completion"])
