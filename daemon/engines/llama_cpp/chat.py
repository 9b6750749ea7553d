"""Chat by a GGUF file, through a worker process."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatRequest, Message, TokenLogprob, ToolCall, Usage
from daemon.engines.files.adapters import checked_adapters
from daemon.engines.files.gguf import fingerprint, read_header, read_model
from daemon.engines.files.registry import kept_dir, parts_of, resolve_model
from daemon.engines.openai.wire import new_call_id, tool_json, turns_of
from daemon.engines.spec import EngineSpec, SpecError
from daemon.engines.worker.own_build import variables
from daemon.engines.worker.process import ChildProcess, Event
from daemon.engines.worker.worker import Launch, Worker, error_of, python_worker
from daemon.engines.worker.working import Working

_TOLD = frozenset({"reasoning", "calls", "logprobs"})
log = logging.getLogger(__name__)


class _GoneError(EngineError):
    """The worker is gone, with all that it was asked."""


Placing = Callable[[EngineSpec], tuple[EngineSpec, tuple[int, ...]]]
"""Gives a spec the devices and layers that it may have now, and how many of the layers go to each device."""


def llama_worker(spec: EngineSpec, placed: Placing = lambda spec: (spec, ())) -> Worker:
    """The worker for a spec. The file is looked for and checked, and its place asked for, at each start."""
    return Worker(spec.name, lambda: _launch(*placed(spec)), load_seconds=spec.load_seconds)


def _launch(spec: EngineSpec, split: tuple[int, ...]) -> Launch:
    path = resolve_model(spec)
    for part in parts_of(path):
        read_model(part)
    load = {
        "path": str(path), "context": spec.context, "sequences": spec.sequences, "gpu_layers": spec.gpu_layers,
        "devices": spec.devices, "threads": spec.threads, "pooling": spec.pooling, "max_tokens": spec.max_tokens,
        "chat_template": _template(spec), "draft_tokens": spec.draft_tokens, "device_sampling": spec.device_sampling,
        "split": split, "n_cpu_moe": spec.n_cpu_moe, "kv_type": spec.kv_type, "flash_attention": spec.flash_attention,
        "numa": spec.numa, "huge_pages": spec.huge_pages, "lora": checked_adapters(spec, path), "stamp": stamp(path),
    }  # fmt: skip
    if spec.keep_system_mib:
        load |= {"identity": _identity(spec, path), "kept_folder": str(kept_dir()), "kept_mib": spec.keep_system_mib}
    return Launch(python_worker(spec), load, variables(spec))


def _identity(spec: EngineSpec, path: Path) -> str:
    """The model and all that decides what its cache holds of a text."""
    adapters = [(fingerprint(Path(adapter)), scale) for adapter, scale in checked_adapters(spec, path)]
    parts = [fingerprint(part) for part in parts_of(path)]
    return json.dumps([parts, adapters, spec.context, spec.kv_type, spec.flash_attention, bool(spec.gpu_layers)])


def stamp(path: Path) -> tuple[tuple[int, int, int], ...]:
    """What tells a file from another that has taken its place: inode, size and time in ns, of each part.

    Empty where one is missing: what is loaded goes on without its file.
    """
    try:
        found = [part.stat() for part in parts_of(path)]
    except OSError:
        return ()
    return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)


def _template(spec: EngineSpec) -> str:
    """The template that is named in place of the model's own. Raises SpecError where it can not be read."""
    if not spec.chat_template:
        return ""
    try:
        return Path(spec.chat_template).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"The engine {spec.name!r} can not be started.",
            f"Its chat_template {spec.chat_template} can not be read: {error}.",
            "Name a file with a Jinja template, or leave the key out.",
        ) from error


class LlamaCppEngine(Working):
    """A ChatEngine on a GGUF file. `sequences` answers at a time; others wait in the worker, the urgent ones ahead."""

    def __init__(self, spec: EngineSpec, worker: Worker) -> None:
        super().__init__(worker)
        self._spec = spec
        self._running = 0
        self._idle = asyncio.Event()

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

    async def start(self) -> None:
        """Load the model now instead of on the first request."""
        await self._worker.ready(self._spec.load_seconds)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Generate. Raises ContextLengthError, BadRequestError, EngineError or EngineLoadingError.

        A worker that ends before it has said anything is started anew, once: others may have brought it down.
        """
        said = False
        try:
            async with aclosing(self._attempt(request)) as deltas:
                async for delta in deltas:
                    said = True
                    yield delta
            return
        except _GoneError as gone:
            if said:
                raise
            self._worker.asked_again(gone.cause)
        async with aclosing(self._attempt(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def _leave_old_file(self) -> None:
        """End a worker whose file has been replaced by another whole one, once the answers it writes are written."""
        while self._worker.state == "ready" and await asyncio.to_thread(self._replaced):
            if not self._running:
                log.info("engine %s: its file was replaced; it is loaded anew", self.name)
                await asyncio.to_thread(self._worker.rest, "Its file was replaced.")
                return
            self._idle.clear()
            await self._idle.wait()

    def _replaced(self) -> bool:
        loaded, path = self._worker.launched.get("stamp"), resolve_model(self._spec, must_exist=False)
        if not loaded or stamp(path) in (loaded, ()):
            return False
        try:
            for part in parts_of(path):
                read_header(part)
        except EngineError:
            return False  # it is still being copied
        return True

    async def _attempt(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        await self._leave_old_file()
        self._running += 1
        try:
            async with aclosing(self._answer(request)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def _answer(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        process = await self._worker.ready(self._spec.stall_seconds)
        exchange = _Exchange(process, self._worker, self._spec.stall_seconds)
        try:
            exchange.send({"op": "chat", **_wire(request)})
            promised = False
            while True:
                event = await exchange.next()
                if event["event"] == "done":
                    self._worker.answered()
                    yield _delta(event)
                    return
                if event["event"] == "token" and (promised or event["text"] or event.keys() & _TOLD):
                    promised = "more" in event
                    yield _delta(event)
        finally:
            exchange.close()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt, exactly; does not wait for a running answer."""
        process = await self._worker.ready(self._spec.stall_seconds)
        exchange = _Exchange(process, self._worker, self._spec.stall_seconds)
        try:
            exchange.send({"op": "count", "messages": turns_of(messages)})
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
        self._over = False
        self._since = time.monotonic()
        self._request = process.open(self._events.put_nowait, asyncio.get_running_loop())

    def send(self, message: dict[str, object]) -> None:
        """Hand the request over."""
        self._process.send({**message, "id": self._request})

    async def next(self) -> Event:
        """The next event. Raises what the worker reports; a worker that shows no progress to anybody is ended."""
        event = await self._event() if self._events.empty() else self._events.get_nowait()
        self._over = event["event"] in ("done", "error", "exit", "count")
        if event["event"] == "error":
            raise error_of(event)
        if event["event"] == "exit":
            raise self._gone(str(event["cause"]))
        return event

    async def _event(self) -> Event:
        while True:
            patience = self._stall_seconds - (time.monotonic() - max(self._since, self._process.heard_at))
            try:
                async with asyncio.timeout(max(patience, 0.001)):
                    return await self._events.get()
            except TimeoutError:
                if patience > 0:
                    continue  # it may have answered others meanwhile
                because = f"It showed no progress for {self._stall_seconds:g} s and was ended."
                await asyncio.to_thread(self._process.terminate, because)
                self._over = True
                raise self._gone(because) from None

    def _gone(self, cause: str) -> EngineError:
        error = self._worker.error(cause)
        return _GoneError(error.effect, error.cause, error.fix)

    def close(self) -> None:
        """Hear nothing more, and stop the worker's effort if it has not finished."""
        self._process.close(self._request)
        if not self._over:
            self._process.send({"op": "cancel", "id": self._request})


def model_name(spec: EngineSpec) -> str:
    """The name of a model file as users know it: without folder and ending."""
    return resolve_model(spec, must_exist=False).name.removesuffix(".gguf")


def _wire(request: ChatRequest) -> dict[str, object]:
    sampling = {
        "max_tokens": request.max_tokens, "temperature": request.temperature, "top_p": request.top_p,
        "seed": request.seed, "stop": list(request.stop), "grammar": request.grammar or "",
        "json_schema": json.dumps(request.json_schema) if request.json_schema else "",
        "top_k": request.top_k, "min_p": request.min_p, "frequency_penalty": request.frequency_penalty,
        "presence_penalty": request.presence_penalty, "logprobs": request.logprobs,
    }  # fmt: skip
    return {
        "messages": turns_of(request.messages), "tools": [tool_json(tool) for tool in request.tools],
        "tool_choice": request.tool_choice, "sampling": sampling, "priority": request.priority, "think": request.think,
        "parallel_tool_calls": request.parallel_tool_calls,
    }  # fmt: skip


def _delta(event: Event) -> ChatDelta:
    calls = tuple(ToolCall(new_call_id(), name, arguments) for name, arguments in event.get("calls", ()))
    usage = _usage(event["usage"]) if "usage" in event else None
    reasoning = event.get("reasoning", "")
    return ChatDelta(event["text"], event.get("reason"), usage, reasoning, calls, _logprobs(event), "more" in event)


def _logprobs(event: Event) -> tuple[TokenLogprob, ...]:
    if "logprobs" not in event:
        return ()
    token, logprob = event["logprobs"]
    return (TokenLogprob(token, logprob, tuple((text, value) for text, value in event["top"])),)


def _usage(counts: Event) -> Usage:
    return Usage(counts["prompt"], counts["cached"], counts["completion"])
