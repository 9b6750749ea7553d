"""A chat request as pieces of an answer: by the agent, or straight from an engine."""

import dataclasses
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from agents.answering.events import Cited, Done, Token
from agents.errors import BadRequestError
from agents.ports import TokenLogprob, ToolCall
from daemon.compose import Famulus
from daemon.models.modelnames import AGENT
from daemon.wire_chat import ChatCompletionRequest, usage_json
from vault_sync.paths import vault_path

_MOST_FROM_NOTES = 512
"""Tokens of an answer from the notes where the client says nothing: it is to be read, and each sentence is checked."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer: text, thoughts, whole calls of tools, and how likely its tokens were."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    more: bool = False
    """Whether the next piece is here already."""

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.text or self.reasoning or self.tool_calls or self.logprobs)


@dataclass(slots=True)
class Completion:
    """What is known of an answer once its pieces are out."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    finish_reason: str = "stop"
    citations: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


async def run_chat(
    famulus: Famulus, body: ChatCompletionRequest, completion: Completion
) -> AsyncGenerator[Piece, None]:
    """The pieces of the answer, at least one; `completion` is filled in as they come. Closing it stops the engine."""
    source = _agent(famulus, body, completion) if body.model == AGENT else _engine(famulus, body, completion)
    empty, promised = True, False
    async with aclosing(source):
        async for piece in source:
            if promised or not piece.empty:
                empty, promised = False, piece.more
                yield piece
    if empty:
        yield Piece()


async def _agent(famulus: Famulus, body: ChatCompletionRequest, completion: Completion) -> AsyncGenerator[Piece, None]:
    if field := body.beside_notes:
        raise BadRequestError(
            "The notes were not asked.",
            f"The model {AGENT!r} answers from the notes with checked sentences and takes no {field}.",
            f'Leave {field} out, or name an engine as the model, such as "planner".',
        )
    focus = body.famulus
    note = focus.path and famulus.known_note(vault_path(focus.path), "chat").path
    events = famulus.answerer.answer(
        [message.plain() for message in body.messages],
        max_tokens=body.limit or _MOST_FROM_NOTES,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        stop=body.stops,
        filter=focus.filter(note),
    )
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Token):
                yield Piece(event.text)
            elif isinstance(event, Cited):
                completion.citations = [dataclasses.asdict(citation) for citation in event.citations]
            elif isinstance(event, Done):
                completion.finish_reason = event.finish_reason
                completion.usage = usage_json(event.usage)
                completion.extra = {
                    "famulus": {
                        "mode": event.mode,
                        "role": event.role,
                        "engine": event.engine,
                        "model": event.model,
                        "language": event.language,
                    }
                }


async def _engine(famulus: Famulus, body: ChatCompletionRequest, completion: Completion) -> AsyncGenerator[Piece, None]:
    request = body.request()
    deltas = famulus.models.chat(body.model).stream(request)
    called = False
    async with aclosing(deltas):
        async for delta in deltas:
            calls = delta.tool_calls
            if calls and not request.parallel_tool_calls:
                calls = () if called else calls[:1]
            called = called or bool(calls)
            yield Piece(delta.text, delta.reasoning, calls, delta.logprobs, delta.more)
            if delta.finish_reason:
                completion.finish_reason = delta.finish_reason
            if delta.usage:
                completion.usage = usage_json(delta.usage)
