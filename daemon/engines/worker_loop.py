"""What goes on inside a worker process: JSON lines in, JSON lines out. Knows no model library.

In:  {"op": "load", …LoadOptions}, then {"op": "chat"|"embed"|"rerank"|"count"|"count_text", "id", …},
     {"op": "cancel", "id"}
Out: {"event": "loading"|"loaded"|"working"|"token"|"done"|"vectors"|"scores"|"count"|"error", "id", …}
The end of the input ends the process, so that it never outlives the daemon, however that ended.
"""

import base64
import ctypes
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, TextIO

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray

from daemon.engines import worker_errors
from daemon.engines.pieces import Defuser, TextAssembler
from daemon.engines.template import ChatTemplate
from daemon.engines.worker_errors import WorkerError

_PR_SET_PDEATHSIG = 1
Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What a worker is told to load, and how."""

    path: str
    context: int
    gpu_layers: int = 0
    devices: tuple[str, ...] = ()
    threads: int = 0
    pooling: str = ""
    max_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. `json_schema` is JSON text; temperature 0 takes the likeliest token."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    grammar: str = ""
    json_schema: str = ""


class Model(Protocol):
    """What the loop needs of a model library."""

    @property
    def context_tokens(self) -> int: ...  # noqa: D102
    @property
    def bos(self) -> str: ...  # noqa: D102
    @property
    def eos(self) -> str: ...  # noqa: D102
    @property
    def reused_tokens(self) -> int: ...  # noqa: D102
    def metadata(self, key: str) -> str: ...  # noqa: D102
    def tokenize(self, text: str, *, control: bool) -> list[int]: ...  # noqa: D102
    def control_texts(self) -> set[str]: ...  # noqa: D102
    def generate(  # noqa: D102
        self, prompt: Sequence[int], sampling: Sampling, cancelled: Callable[[], bool]
    ) -> Iterator[bytes | None]: ...
    def embed(self, texts: Sequence[str], working: Callable[[], None]) -> NDArray[np.float32]: ...  # noqa: D102
    def rerank(self, query: str, texts: Sequence[str], working: Callable[[], None]) -> list[float]: ...  # noqa: D102


class Worker:
    """Takes requests in order; counts and cancellations are served at once, also during an answer."""

    def __init__(self, model: Model, emit: Callable[[Message], None]) -> None:
        self._model = model
        self._emit = emit
        self._work: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        source = model.metadata("tokenizer.chat_template")
        self._defuse = Defuser(model.control_texts())
        self._template = ChatTemplate(source, bos=model.bos, eos=model.eos) if source else None

    def take(self, message: Message) -> None:
        """A line from the daemon; called from the reading thread."""
        if message["op"] == "cancel":
            self._cancelled.add(message["id"])
        elif message["op"] in ("count", "count_text"):
            self._guarded(message, self._count)
        else:
            self._work.put(message)

    def run(self) -> None:
        """Work until the end of the process."""
        handlers = {"chat": self._chat, "embed": self._embed, "rerank": self._rerank}
        while (message := self._work.get()) is not None:
            self._guarded(message, handlers[message["op"]])
            self._cancelled.discard(message["id"])

    def end(self) -> None:
        """Let `run` return after the work that waits."""
        self._work.put(None)

    def _guarded(self, message: Message, handler: Callable[[Message], None]) -> None:
        try:
            handler(message)
        except WorkerError as error:
            self._emit({"id": message["id"], **error.event})

    def _prompt(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        if self._template is None:
            raise worker_errors.no_template()
        turns = [{"role": turn["role"], "content": self._defuse(turn["content"])} for turn in messages]
        try:
            text = self._template.render(turns)
        except TemplateError as error:
            raise worker_errors.template_refused(error) from error
        return self._model.tokenize(text, control=True)

    def _count(self, message: Message) -> None:
        if message["op"] == "count":
            count = len(self._prompt(message["messages"]))
        else:
            count = len(self._model.tokenize(self._defuse(message["text"]), control=True))
        self._emit({"event": "count", "id": message["id"], "tokens": count})

    def _chat(self, message: Message) -> None:
        sampling = Sampling(**{**message["sampling"], "stop": tuple(message["sampling"]["stop"])})
        prompt = self._prompt(message["messages"])
        room = self._model.context_tokens
        if len(prompt) + sampling.max_tokens > room:
            raise worker_errors.too_long(len(prompt), sampling.max_tokens, room)
        self._answer(message["id"], prompt, sampling)

    def _answer(self, request: int, prompt: Sequence[int], sampling: Sampling) -> None:
        assembler = TextAssembler(sampling.stop)
        count = 0
        for piece in self._model.generate(prompt, sampling, lambda: request in self._cancelled):
            if piece is None:
                self._emit({"event": "working", "id": request})
                continue
            count += 1
            self._emit({"event": "token", "id": request, "text": assembler.feed(piece)})
            if assembler.stopped:
                break
        reason = "length" if count >= sampling.max_tokens and not assembler.stopped else "stop"
        usage = {"prompt": len(prompt), "cached": self._model.reused_tokens, "completion": count}
        rest = assembler.finish()
        self._emit({"event": "done", "id": request, "text": rest, "reason": reason, "usage": usage})

    def _embed(self, message: Message) -> None:
        request = message["id"]
        texts = [self._defuse(text) for text in message["texts"]]
        vectors = self._model.embed(texts, lambda: self._emit({"event": "working", "id": request}))
        data = base64.b64encode(vectors.astype("<f4").tobytes()).decode("ascii")
        self._emit({"event": "vectors", "id": request, "shape": list(vectors.shape), "data": data})

    def _rerank(self, message: Message) -> None:
        request = message["id"]
        query, *texts = (self._defuse(text) for text in (message["query"], *message["texts"]))
        scores = self._model.rerank(query, texts, lambda: self._emit({"event": "working", "id": request}))
        self._emit({"event": "scores", "id": request, "scores": scores})


def serve(load: Callable[[LoadOptions, Callable[[float], None]], Model]) -> None:
    """Be a worker: load what the first line says, then serve the others until the input ends."""
    _die_with_parent()
    output = _own_output()
    lock = threading.Lock()

    def emit(event: Message) -> None:
        with lock:
            output.write(json.dumps(event, ensure_ascii=True) + "\n")
            output.flush()

    first = json.loads(sys.stdin.readline() or "null")
    if first is None:
        return
    names = {field.name for field in fields(LoadOptions)}
    options = LoadOptions(**{name: value for name, value in first.items() if name in names})
    try:
        model = load(options, lambda share: emit({"event": "loading", "share": round(share, 3)}))
        worker = Worker(model, emit)
    except WorkerError as error:
        emit(error.event)
        return
    emit({"event": "loaded", "context": model.context_tokens})
    threading.Thread(target=_read, args=(worker,), daemon=True).start()
    worker.run()


def _read(worker: Worker) -> None:
    try:
        for line in sys.stdin:
            worker.take(json.loads(line))
    except Exception:  # noqa: BLE001 - a process that no longer listens must not look alive
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # whatever is still being generated, nobody is there to read it


def _own_output() -> TextIO:
    """A stream on the real standard output; what libraries print goes to the log instead."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "w", encoding="utf-8")


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
