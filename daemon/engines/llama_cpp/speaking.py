"""From tokens to the words on the wire, in a thread of its own: the model goes on meanwhile."""

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemon.engines.dialogue.answers.parts import AnswerParser, Part, Said, Thought
from daemon.engines.dialogue.pieces import TextAssembler
from daemon.engines.llama_cpp.batch_ports import Chosen
from daemon.engines.worker.errors import WorkerError, of_request

Event = Mapping[str, Any]
GATHERED = 0.02


class _Answer:
    """One answer on its way from bytes to fields of events. Stop strings count in its text, not in thoughts or calls."""

    def __init__(self, stop: Sequence[str], parser: AnswerParser, *, one_call: bool) -> None:
        self._letters = TextAssembler()
        self._parser = parser
        self._stops = TextAssembler(stop)
        self._may_stop = bool(stop)
        self._one_call = one_call
        self._stoppable = bool(stop) or one_call
        self.count = 0
        self.called = False
        self.begun = False
        self.failed: WorkerError | None = None

    @property
    def stopped(self) -> bool:
        """Whether nothing more is wanted: a stop string was found, the only call was made, or it can not be read."""
        return self._stops.stopped or (self.called and self._one_call) or self.failed is not None

    @property
    def waited_for(self) -> bool:
        """Whether the next token should be said at once: it is the first, or may be the last."""
        return not self.begun or self._stoppable

    def feed(self, data: bytes) -> dict[str, Any]:
        """What the bytes of a token make certain."""
        self.count += 1
        return self._told(self._parser.feed(self._letters.feed(data)))

    def finish(self) -> dict[str, Any]:
        """What was held back."""
        fields = self._told([*self._parser.feed(self._letters.finish()), *self._parser.finish()])
        return {**fields, "text": fields["text"] + self._stops.finish()}

    def _told(self, parts: Sequence[Part]) -> dict[str, Any]:
        fields: dict[str, Any] = {"text": ""}
        for part in parts:
            if self.stopped:
                break
            if isinstance(part, Said):
                fields["text"] += self._stops.feed(part.text.encode()) if self._may_stop else part.text
            elif isinstance(part, Thought):
                fields["reasoning"] = fields.get("reasoning", "") + part.text
            else:
                self.called = True
                fields.setdefault("calls", []).append([part.name, part.arguments])
        return fields


class Speaker:
    """A Listener of the batcher that says what happens as events, those of some steps in one line.

    Beginnings and ends are said at once, and so is everything where a stop string may end it; further tokens are
    gathered for GATHERED seconds, which nobody sees, for each line wakes three threads in two processes.
    """

    def __init__(
        self, piece: Callable[[int], bytes], say: Callable[[Sequence[Event]], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:  # fmt: skip
        self._piece = piece
        self._say = say
        self._clock = clock
        self._answers: dict[int, _Answer] = {}
        self._gathered: list[Callable[[], Event | None]] = []
        self._urgent = False
        self._said_at = 0.0
        self._heard: queue.SimpleQueue[list[Callable[[], Event | None]]] = queue.SimpleQueue()
        threading.Thread(target=self._speak, name="speaker", daemon=True).start()

    def open(self, request: int, stop: Sequence[str], parser: AnswerParser, *, one_call: bool = False) -> None:
        """Get ready for the answer to a request, which `parser` takes apart; with `one_call` it ends with a call."""
        self._answers[request] = _Answer(stop, parser, one_call=one_call)

    def working(self, request: int) -> None:
        """A piece of the prompt was read."""
        self._gather(lambda: {"event": "working", "id": request}, urgent=True)

    def chosen(self, request: int, token: Chosen) -> None:
        """One more token."""
        answer = self._answers[request]
        self._gather(lambda: self._token(request, token), urgent=answer.waited_for)
        answer.begun = True

    def over(self, request: int, reason: str, usage: dict[str, int]) -> None:
        """The answer is complete."""
        self._gather(lambda: self._done(request, reason, usage), urgent=True)

    def failed(self, request: int, error: WorkerError) -> None:
        """There will be no answer."""
        self._gather(lambda: self._error(request, error), urgent=True)

    def stopped(self, request: int) -> bool:
        """Whether nothing more is wanted."""
        return self._answers[request].stopped

    def step(self) -> None:
        """Say what was gathered, if it is time."""
        now = self._clock()
        if self._gathered and (self._urgent or now - self._said_at >= GATHERED):
            self._heard.put(self._gathered)
            self._gathered, self._urgent, self._said_at = [], False, now

    def _gather(self, heard: Callable[[], Event | None], *, urgent: bool) -> None:
        self._gathered.append(heard)
        self._urgent = self._urgent or urgent

    def _speak(self) -> None:
        while True:
            events = [event for heard in self._heard.get() if (event := heard()) is not None]
            if events:
                self._say(events)

    def _token(self, request: int, token: Chosen) -> Event | None:
        answer = self._answers[request]
        if answer.stopped:
            return None  # written while the stop string was found
        try:
            event: dict[str, Any] = {"event": "token", "id": request, **answer.feed(self._piece(token.token))}
        except Exception as error:  # noqa: BLE001 - what can not be read of one answer must not silence the others
            answer.failed = of_request(error)
            return None
        if token.logprob is not None:
            event["logprobs"] = [self._text(token.token), token.logprob]
            event["top"] = [[self._text(each), logprob] for each, logprob in token.top]
        return event

    def _done(self, request: int, reason: str, usage: dict[str, int]) -> Event:
        answer = self._answers.pop(request)
        try:
            rest = answer.finish()
        except Exception as error:  # noqa: BLE001 - as for a token
            rest, answer.failed = {}, answer.failed or of_request(error)
        if answer.failed is not None:
            return {"id": request, **answer.failed.event}
        reason = "stop" if answer.stopped or reason == "cancelled" else reason
        reason = "tool_calls" if answer.called and reason == "stop" else reason
        counted = {**usage, "completion": answer.count}
        return {"event": "done", "id": request, **rest, "reason": reason, "usage": counted}

    def _error(self, request: int, error: WorkerError) -> Event:
        self._answers.pop(request, None)
        return {"id": request, **error.event}

    def _text(self, token: int) -> str:
        return self._piece(token).decode("utf-8", "surrogateescape")


def line_of(events: Sequence[Event]) -> str:
    """Events as one line."""
    return json.dumps(events[0] if len(events) == 1 else {"events": events}, ensure_ascii=True) + "\n"
