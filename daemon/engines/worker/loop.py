"""What goes on inside a worker process: JSON lines in, JSON lines out. Knows no model library.

In:  {"op": "load", …LoadOptions}, then {"op": "chat"|"embed"|"rerank"|"count"|"count_text", "id", …},
     {"op": "cancel", "id"}
Out: {"event": "loading"|"loaded"|"working"|"token"|"done"|"vectors"|"scores"|"count"|"error", "id", …},
     several at once as {"events": […]}
The end of the input ends the process, so that it never outlives the daemon, however that ended.
"""

import base64
import ctypes
import itertools
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray

from daemon.engines.dialogue.answers.lazy import CallWatch, Lazily, LazyCalls
from daemon.engines.dialogue.pieces import Defuser
from daemon.engines.dialogue.prompting import Chat, Prepared, Prompter
from daemon.engines.llama_cpp.batch_ports import Sequences
from daemon.engines.llama_cpp.batching import Batcher
from daemon.engines.llama_cpp.beginnings import Beginnings
from daemon.engines.llama_cpp.prefix import common
from daemon.engines.llama_cpp.speaking import Speaker, line_of
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.errors import WorkerError
from daemon.engines.worker.requests import URGENCY, LoadOptions, Sampling, check_room

_PR_SET_PDEATHSIG = 1
_TEMPLATE = "tokenizer.chat_template"
Message = Mapping[str, Any]


class Model(Protocol):
    """What the loop needs of a model library."""

    @property
    def options(self) -> LoadOptions: ...  # noqa: D102
    @property
    def context_tokens(self) -> int: ...  # noqa: D102
    @property
    def bos(self) -> str: ...  # noqa: D102
    @property
    def eos(self) -> str: ...  # noqa: D102
    @property
    def sequences(self) -> Sequences: ...  # noqa: D102
    @property
    def library(self) -> str: ...  # noqa: D102
    def metadata(self, key: str) -> str: ...  # noqa: D102
    def tokenize(self, text: str, *, control: bool) -> list[int]: ...  # noqa: D102
    def piece(self, token: int) -> bytes: ...  # noqa: D102
    def control_texts(self) -> set[str]: ...  # noqa: D102
    def read_ahead(self, sampling: Sampling) -> None: ...  # noqa: D102
    def embed(self, texts: Sequence[str], working: Callable[[], None]) -> NDArray[np.float32]: ...  # noqa: D102
    def rerank(self, query: str, texts: Sequence[str], working: Callable[[], None]) -> list[float]: ...  # noqa: D102


class Worker:
    """Prepares prompts in the thread that reads; answers them all together, and embeds and ranks between two steps."""

    def __init__(self, model: Model, say: Callable[[Sequence[Message]], None]) -> None:
        self._model = model
        self._say = say
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        controls = model.control_texts()
        self._defuse = Defuser(controls)
        own = model.options.chat_template
        self._prompter = _prompter(own or model.metadata(_TEMPLATE), controls, model)
        with_tools = "" if own else model.metadata(f"{_TEMPLATE}.tool_use")  # Hermes and Command R bring two
        self._tool_prompter = _prompter(with_tools, controls, model) or self._prompter
        both = (self._prompter, self._tool_prompter)
        forms = [prompter.format for prompter in both if isinstance(prompter, Prompter)]
        shown = controls & frozenset[str]().union(*(form.controls for form in forms))
        self._shown = {model.tokenize(text, control=True)[-1]: text.encode() for text in shown}
        self._speaker = Speaker(self._piece, say)
        self._made: Batcher | None = None

    def take(self, message: Message) -> None:
        """A line from the daemon; called from the reading thread."""
        takers = {
            "chat": self._take_chat, "cancel": self._take_cancel, "count": self._count, "count_text": self._count,
            "embed": self._later(self._embed), "rerank": self._later(self._rerank),
        }  # fmt: skip
        self._guarded(message, takers[message["op"]])

    def run(self) -> None:
        """Work until the end of the process: everything that came in, then a step, and again."""
        while self._take_in():
            if self._made is not None and self._made.busy and not self._made.step():
                self._speaker.step()

    def end(self) -> None:
        """Let `run` return after the work that waits."""
        self._inbox.put(None)

    def _take_in(self) -> bool:
        """Carry out what waits; without answers to write, wait for something. False at the end."""
        while self._made is None or not self._made.busy or not self._inbox.empty():
            work = self._inbox.get()
            if work is None:
                return False
            work()
        return True

    def _guarded(self, message: Message, handler: Callable[[Message], None]) -> None:
        try:
            handler(message)
        except Exception as error:  # noqa: BLE001 - a request that fails, however it does, fails alone
            self._say([{"id": message["id"], **worker_errors.of_request(error).event}])

    def _later(self, handler: Callable[[Message], None]) -> Callable[[Message], None]:
        return lambda message: self._inbox.put(lambda: self._guarded(message, handler))

    def _piece(self, token: int) -> bytes:
        """The bytes of a token; those of a control token only where they carry the form of the answers."""
        return self._shown.get(token) or self._model.piece(token)

    def _prepared(self, chat: Chat) -> Prepared:
        prompter = self._tool_prompter if chat.about_tools else self._prompter
        if prompter is None:
            raise worker_errors.no_template()
        return prompter.prepare(chat)

    def _count(self, message: Message) -> None:
        counted = message["op"] == "count"
        # without thoughts the prompt is the longest: they are closed in it
        text = (
            self._prepared(replace(Chat.of(message), think=False)).prompt if counted else self._defuse(message["text"])
        )
        self._say([{"event": "count", "id": message["id"], "tokens": len(self._model.tokenize(text, control=True))}])

    def _take_chat(self, message: Message) -> None:
        prepared = self._prepared(Chat.of(message))
        sampling = Sampling.of(message["sampling"])
        if prepared.schema is not None:
            sampling = replace(sampling, grammar="", json_schema=json.dumps(prepared.schema))
        if prepared.calls is not None:
            sampling = replace(sampling, calls=self._lazily(prepared, prepared.calls))
        tokens = self._model.tokenize(prepared.prompt, control=True)
        check_room(len(tokens), max(1, sampling.max_tokens), self._model.context_tokens)
        sampling = replace(sampling, max_tokens=sampling.max_tokens or self._model.context_tokens - len(tokens))
        self._model.read_ahead(sampling)
        urgency = URGENCY[message.get("priority", "interactive")]
        head = self._head(Chat.of(message), tokens) if self._model.options.kept_folder else 0

        def begin(_: Message) -> None:
            one_call = not message.get("parallel_tool_calls", True)
            self._speaker.open(message["id"], sampling.stop, prepared.parser, one_call=one_call)
            self._begin(message["id"], tokens, sampling, urgency, head)

        self._inbox.put(lambda: self._guarded(message, begin))

    def _lazily(self, prepared: Prepared, calls: LazyCalls) -> Lazily:
        watch = CallWatch(prepared.again, self._piece)
        return Lazily(calls, watch, lambda text: self._model.tokenize(text, control=False), self._model.piece)

    def _begin(self, request: int, prompt: Sequence[int], sampling: Sampling, urgency: int, head: int) -> None:
        if self._made is None:
            options = self._model.options
            self._made = Batcher(
                self._model.sequences, self._speaker, options.sequences, drafts=options.draft_tokens,
                beginnings=_beginnings(options, self._model.library), meanwhile=self._speaker.step,
            )  # fmt: skip
        self._made.add(request, prompt, sampling, urgency, head)

    def _head(self, chat: Chat, tokens: Sequence[int]) -> int:
        """How many tokens of a prompt come from its system turns and tools, whatever the user says after them."""
        turns = list(itertools.takewhile(lambda turn: turn["role"] in ("system", "developer"), chat.messages))
        if not (turns or chat.tools):
            return 0
        try:
            first, second = (self._prompt_of(chat, turns, text) for text in ("a", "7"))
        except WorkerError:
            return 0  # the template wants another turn there
        return min(common(tokens, first), common(first, second))

    def _prompt_of(self, chat: Chat, turns: Sequence[Message], text: str) -> list[int]:
        asked = replace(chat, messages=[*turns, {"role": "user", "content": text}])
        return self._model.tokenize(self._prepared(asked).prompt, control=True)

    def _take_cancel(self, message: Message) -> None:
        self._inbox.put(lambda: self._made.cancel(message["id"]) if self._made is not None else None)

    def _embed(self, message: Message) -> None:
        request = message["id"]
        texts = [self._defuse(text) for text in message["texts"]]
        vectors = self._model.embed(texts, lambda: self._say([{"event": "working", "id": request}]))
        data = base64.b64encode(vectors.astype("<f4").tobytes()).decode("ascii")
        self._say([{"event": "vectors", "id": request, "shape": list(vectors.shape), "data": data}])

    def _rerank(self, message: Message) -> None:
        request = message["id"]
        query, *texts = (self._defuse(text) for text in (message["query"], *message["texts"]))
        scores = self._model.rerank(query, texts, lambda: self._say([{"event": "working", "id": request}]))
        self._say([{"event": "scores", "id": request, "scores": scores}])


def _beginnings(options: LoadOptions, library: str) -> Beginnings | None:
    if not options.kept_folder:
        return None
    return Beginnings(Path(options.kept_folder), f"{options.identity} {library}", options.kept_mib << 20)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """In place of a template that is none: such a model can embed still."""

    error: WorkerError

    def prepare(self, chat: Chat) -> Prepared:
        raise self.error


def _prompter(source: str, controls: set[str], model: Model) -> Prompter | _Unreadable | None:
    if not source:
        return None
    try:
        return Prompter(source, controls, bos=model.bos, eos=model.eos)
    except TemplateError as error:
        return _Unreadable(worker_errors.bad_template(error))


def serve(load: Callable[[LoadOptions, Callable[[float], None]], Model]) -> None:
    """Be a worker: load what the first line says, then serve the others until the input ends."""
    die_with_parent()
    output = _own_output()
    lock = threading.Lock()

    def say(events: Sequence[Message]) -> None:
        with lock:
            output.write(line_of(events))
            output.flush()

    first = json.loads(sys.stdin.readline() or "null")
    if first is None:
        return
    try:
        model = load(LoadOptions.of(first), lambda share: say([{"event": "loading", "share": round(share, 3)}]))
        worker = Worker(model, say)
    except WorkerError as error:
        say([error.event])
        return
    say([{"event": "loaded", "context": model.context_tokens}])
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


def die_with_parent() -> None:
    """End when the thread that started this process does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
