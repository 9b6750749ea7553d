"""A chat request as pieces of text: by the agent, or straight from an engine."""

import dataclasses
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from agents.events import Cited, Done, Token
from agents.ports import ChatRequest, Usage
from daemon.compose import Famulus
from daemon.wire import ChatCompletionRequest

AGENT = "famulus"
"""The model name of the whole agent."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer's text."""

    text: str


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


async def run_chat(famulus: Famulus, body: ChatCompletionRequest, completion: Completion) -> AsyncIterator[Piece]:
    """The pieces of the answer, at least one; `completion` is filled in as they come. Closing it stops the engine."""
    source = _agent(famulus, body, completion) if body.model == AGENT else _engine(famulus, body, completion)
    empty = True
    async with aclosing(source):  # type: ignore[type-var]
        async for text in source:
            empty = False
            yield Piece(text)
    if empty:
        yield Piece("")


async def _agent(famulus: Famulus, body: ChatCompletionRequest, completion: Completion) -> AsyncIterator[str]:
    messages = [message.message() for message in body.messages]
    events = famulus.answerer.answer(
        messages,
        max_tokens=body.limit,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        stop=body.stops,
        filter=body.famulus.filter(),
    )
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Token):
                yield event.text
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


async def _engine(famulus: Famulus, body: ChatCompletionRequest, completion: Completion) -> AsyncIterator[str]:
    request = ChatRequest(
        messages=tuple(message.message() for message in body.messages),
        max_tokens=body.limit,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        stop=body.stops,
        json_schema=body.schema_,
    )
    deltas = famulus.engine_for(body.model).stream(request)
    async with aclosing(deltas):  # type: ignore[type-var]
        async for delta in deltas:
            if delta.text:
                yield delta.text
            if delta.finish_reason:
                completion.finish_reason = delta.finish_reason
            if delta.usage:
                completion.usage = usage_json(delta.usage)


def usage_json(usage: Usage) -> dict[str, Any]:
    """Usage as OpenAI clients read it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
