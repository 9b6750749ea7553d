"""A question becomes a streamed, cited answer: only sentences that a retrieved passage supports carry a mark."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from agents.answering.assess import Assessor
from agents.answering.checked import Checker
from agents.answering.cite import Marks, stated, unmarked
from agents.answering.conversation import Turns
from agents.answering.events import Cited, Done, Event, Mode, Retrieved, Token
from agents.answering.pieces import Piece, Pieces
from agents.answering.plan import ChatRole, is_greeting, role_for
from agents.answering.quoting import quotations
from agents.answering.retrieve import Found, Retriever, find
from agents.answering.turn import Turner
from agents.ports import ChatEngine, ChatRequest, Message, Roles, Usage
from agents.prompts import Prompts
from vault_sync.paths import VaultPath
from vault_sync.ports import Embedder
from vault_sync.search.filter import Filter
from vault_sync.text import language_of

_NOT_THERE = re.compile(r"\W*not in (?:the|your|my) notes\b", re.IGNORECASE)

_ENOUGH = 1024
"""Tokens that an answer may have also where that is more than a quarter of the context."""
_ENDED = re.compile(r"[.!?…:;)\]\"»”*`|]$")


class Mastery(Protocol):
    """Says by measurement whether a model masters a language."""

    async def masters(self, engine: ChatEngine, language: str) -> bool:
        """Whether what the engine writes in `language` can be relied on."""
        ...


@dataclass(slots=True)
class _State:
    """What is known of one answer while it is made. `bare`: what is not supported may be said without a mark."""

    role: ChatRole
    engine: ChatEngine
    language: str
    wanted: ChatRequest
    found: Found = field(default_factory=lambda: Found("", (), ()))
    marks: Marks = field(default_factory=Marks)
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"
    told: bool = False
    omitted: int = 0
    denied: bool = False

    @property
    def bare(self) -> bool:
        return self.role == "coder"

    def end(self, mode: Mode) -> tuple[Event, Event]:
        engine = self.engine
        done = Done(mode, self.role, engine.name, engine.model, self.language, self.usage, self.finish_reason)
        return Cited(tuple(self.marks.citations)), done


class Answerer:
    """Answers from the notes. One object serves all requests."""

    def __init__(
        self,
        searcher: Retriever,
        embedder: Embedder,
        roles: Roles,
        mastery: Mastery,
        prompts: Prompts,
        allowed: Callable[[VaultPath], bool] = lambda _: True,
    ) -> None:
        """`allowed` says of a note that stood in a past turn whether it may still be shown."""
        self._searcher = searcher
        self._assessor = Assessor(embedder)
        self._roles = roles
        self._mastery = mastery
        self._prompts = prompts
        self._turns = Turns()
        self._turner = Turner(prompts, self._turns, allowed)

    def forget(self, gone: Callable[[VaultPath], bool]) -> None:
        """Forget the past turns in which one of these notes stood."""
        self._turns.forget(gone)

    async def answer(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 512,
        temperature: float = 0.0,
        seed: int | None = None,
        top_p: float = 1.0,
        stop: tuple[str, ...] = (),
        filter: Filter = Filter(),  # noqa: B008 — it is frozen
    ) -> AsyncGenerator[Event, None]:
        """Retrieved, Tokens, Cited, Done, in this order. Closing the iterator stops the engine.

        Raises EngineError, EngineLoadingError or ContextLengthError.
        """
        wanted = ChatRequest(tuple(messages), max_tokens, temperature, top_p, seed, stop)
        state = self._state(wanted)
        asked = _asked(messages)
        if asked and not is_greeting(asked):
            state.found = await asyncio.to_thread(find, self._searcher, self._assessor, messages, filter)
        yield Retrieved(state.found.passages)
        async with aclosing(await self._told(state, asked)) as events:
            async for event in events:
                yield event

    def _state(self, wanted: ChatRequest) -> _State:
        asked = _asked(wanted.messages)
        role = role_for(asked)
        return _State(role, self._roles[role], language_of(asked), wanted)

    async def _told(self, state: _State, asked: str) -> AsyncGenerator[Event, None]:
        """The way in which this request is answered."""
        if not asked:
            return self._fixed(state, "empty")
        if is_greeting(asked):
            return self._fixed(state, "greeting")
        if state.bare:
            return self._generated(state, "code")
        if not state.found.evidence:
            return self._fixed(state, "none")
        if await self._mastery.masters(state.engine, state.language):
            return self._generated(state, "answer")
        return self._quoted(state, "quoted")

    async def _fixed(self, state: _State, key: str) -> AsyncGenerator[Event, None]:
        yield Token(self._say(state, key))
        for event in state.end("none"):
            yield event

    async def _quoted(self, state: _State, key: str) -> AsyncGenerator[Event, None]:
        yield Token(self._say(state, key, model=state.engine.model))
        pieces, state.marks, cut = quotations(
            state.found.evidence, self._prompts, state.language, state.wanted.max_tokens
        )
        state.finish_reason = "length" if cut else "stop"
        for text in pieces:
            yield Token(text)
        for event in state.end("quoted"):
            yield event

    async def _generated(self, state: _State, task: str) -> AsyncGenerator[Event, None]:
        async with aclosing(self._checked(state, task)) as texts:
            async for text in texts:
                state.told = True
                yield Token(text)
        if not state.told:
            last = self._fixed(state, "none") if state.denied else self._quoted(state, "fallback")
            async with aclosing(last):
                async for event in last:
                    yield event
            return
        if remark := self._remark(state):
            yield Token(f"\n\n{remark}")
        for event in state.end("generated"):
            yield event

    async def _checked(self, state: _State, task: str) -> AsyncGenerator[str, None]:
        """What the engine writes, as far as it may be told, with marks."""
        wanted = state.wanted
        prepared = await self._turner.prepare(state.engine, task, wanted.messages, state.found, wanted.max_tokens)
        checker = Checker(self._assessor, state.found, prepared.shown)
        async with aclosing(self._pieces(state, prepared.messages)) as pieces:
            async for piece in pieces:
                if not state.bare and _NOT_THERE.match(piece.text):
                    state.denied = True
                    return
                text = await self._marked(state, checker, piece)
                if text:
                    yield text if state.told else text.lstrip()

    async def _pieces(self, state: _State, messages: tuple[Message, ...]) -> AsyncGenerator[Piece, None]:
        wanted, pieces = state.wanted, Pieces()
        most = await _fitting(state.engine, messages, wanted.max_tokens)
        request = ChatRequest(messages, most, wanted.temperature, wanted.top_p, wanted.seed, wanted.stop)
        request = replace(request, think=False)
        stream = state.engine.stream(request)
        try:
            async for delta in stream:
                state.usage = delta.usage or state.usage
                state.finish_reason = delta.finish_reason or state.finish_reason
                for piece in pieces.feed(delta.text):
                    yield piece
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        for piece in pieces.flush():
            yield piece

    async def _marked(self, state: _State, checker: Checker, piece: Piece) -> str:
        """The piece as it may be told: empty where the notes do not support it and it needs their support."""
        if piece.code:
            return piece.lead + piece.text if state.bare else ""
        text = unmarked(piece.text).strip()
        if not text or (not state.bare and (text.endswith("?") or checker.repeated(text))):
            return ""
        if not state.bare and state.finish_reason == "length" and not _ENDED.search(text):
            return ""  # half a sentence can say the opposite of the whole one
        believed = state.bare or await self._believed(state, checker, text)
        support = await checker.support(text) if stated(text) and believed else None
        if support:
            return f"{piece.lead}{text} {state.marks.mark(support)}"
        state.omitted += not state.bare
        return piece.lead + text if state.bare else ""

    async def _believed(self, state: _State, checker: Checker, text: str) -> bool:
        """Whether it can be an answer: in the question's language, or in another that the model masters as well."""
        language = language_of(text)
        if language == state.language:
            return True
        return not checker.copied(text) and await self._mastery.masters(state.engine, language)

    def _remark(self, state: _State) -> str:
        if state.bare:
            return self._say(state, "code-with-notes" if state.marks.citations else "code-without-notes")
        if not state.omitted:
            return ""
        return self._say(state, "omitted-one" if state.omitted == 1 else "omitted-many", count=str(state.omitted))

    def _say(self, state: _State, key: str, **values: str) -> str:
        return self._prompts.phrase(state.language, key, **values)


async def _fitting(engine: ChatEngine, messages: Sequence[Message], wanted: int) -> int:
    """How many tokens an answer may have: of what is wanted no more than the prompt leaves, whose length is none of the
    client's doing, and than a quarter of the context: small models ramble on where they may."""
    quarter = engine.context_tokens // 4
    if wanted <= quarter:
        return wanted  # the prompt was made to leave that
    left = engine.context_tokens - await engine.count_tokens(messages)
    return max(1, min(wanted, left, max(quarter, _ENOUGH)))


def _asked(messages: Sequence[Message]) -> str:
    last = messages[-1] if messages else None
    return last.content.strip() if last and last.role == "user" else ""
