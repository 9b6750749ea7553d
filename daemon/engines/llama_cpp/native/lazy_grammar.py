"""Grammars of llama.cpp for calls that a model makes by itself: each begins where the call does.

llama.cpp has lazy grammars of its own, which look for marks in the text: what stands behind a mark in the same token and does
not fit makes them throw, and that ends the process. So it is asked about each token here before it is told.
"""

import ctypes
import re
from contextlib import suppress
from itertools import accumulate

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from daemon.engines.dialogue.answers.lazy import Lazily
from daemon.engines.dialogue.answers.parts import OpenCall
from daemon.engines.llama_cpp.blocks import Logits
from daemon.engines.llama_cpp.native import trial
from daemon.engines.llama_cpp.native.schema import grammar_of, grammar_of_call, grammar_of_schema, grammar_of_tags
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.errors import WorkerError
from daemon.engines.worker.requests import Sampling

_DEEPEST = 10_000
"""Groups within each other, which llama.cpp reads each within the other: behind twice as many its stack ends."""
_NO_GROUP = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|#[^\n]*|[^()]', re.DOTALL)
CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Grammar:
    """A grammar and how far an answer has come in it."""

    def __init__(self, vocab: object, text: str, root: str = "root") -> None:
        """Raises ValueError where llama.cpp does not take it."""
        check(text)
        self._sampler = llama_cpp.llama_sampler_init_grammar(vocab, text.encode(), root.encode())
        if not self._sampler:
            raise ValueError("llama.cpp does not take the grammar")

    def allows(self, token: int) -> bool:
        """Whether the answer may go on with this token."""
        one = np.array([(token, 1.0, 0.0)], CANDIDATE)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(_pointing_at(one)))
        return bool(np.isfinite(one["logit"][0]))

    def allowed(self, logits: Logits) -> Logits:
        """The same logits (vocabulary,), minus infinity where the answer may not go on."""
        every = np.zeros(len(logits), CANDIDATE)
        every["id"] = np.arange(len(logits), dtype=np.int32)
        every["logit"] = logits
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(_pointing_at(every)))
        found: Logits = np.empty_like(logits)
        found[every["id"]] = every["logit"]
        return found

    def accept(self, token: int) -> None:
        """The answer goes on with a token that it may go on with: any other ends the process."""
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free what llama.cpp holds."""
        if self._sampler:
            llama_cpp.llama_sampler_free(self._sampler)
            self._sampler = None


def check(grammar: str) -> None:
    """Raises ValueError where llama.cpp must not be asked to read a GBNF. Trying one may take seconds, once."""
    if depth_of(grammar) > _DEEPEST:
        raise ValueError("the grammar is nested too deeply")
    if not trial.survives(grammar=grammar):
        raise ValueError("the grammar is too intricate to be read")


def read_ahead(sampling: Sampling) -> None:
    """Try what an answer must keep to before it is begun: what was tried is remembered, and no step waits for it.

    Raises WorkerError where it can not be kept to.
    """
    if grammar := grammar_of(sampling):
        try:
            check(grammar)
        except ValueError as error:
            raise worker_errors.not_kept(sampling.grammar, error) from error
    for body in sampling.calls.calls.bodies() if sampling.calls is not None else ():
        with suppress(WorkerError, ValueError):  # a call of which no grammar can be made is read all the same
            check(grammar_of_call(body))


def tried(asked: trial.Asked) -> None:
    """Read what a trial is asked for, as the worker would, but for the vocabulary. Raises whatever comes of it."""
    if "grammar" in asked:
        Grammar(None, *trial.from_everywhere(asked["grammar"])).close()
    elif "tags" in asked:
        grammar_of_tags(asked["tags"])
    else:
        grammar_of_schema(asked["schema"], asked["root"])


def depth_of(grammar: str) -> int:
    """How many groups lie within each other in a GBNF."""
    groups = _NO_GROUP.sub("", grammar)
    return max(accumulate(1 if each == "(" else -1 for each in groups), default=0)


class LazyGrammar:
    """The grammar of the call that an answer is in, none outside of calls."""

    def __init__(self, vocab: object, lazily: Lazily) -> None:
        self._vocab, self._lazily = vocab, lazily
        self._left_alone = False
        self.now: Grammar | None = None

    def takes(self, token: int) -> bool:
        """Go on with a token, where that can be: not where a call would go on as none does.

        What stood before that token may have done so already: such a call is left alone.
        """
        if self.now is not None:
            self.now.accept(token)
        watch = self._lazily.watch
        ended = watch.feed(token)
        if watch.call is None:
            if ended and self.now is None and not self._left_alone:
                watch.unsay()  # it began within this token, too
                return False
            self.close()
            self._left_alone = False
            return True
        if self.now is not None or self._left_alone:
            return True
        self.now = self._gone_through(watch.call, watch.call.body) if watch.whole else None
        if self.now is not None:
            return True
        before = self._gone_through(watch.call, watch.before)
        if before is None:
            self.leave_alone()
            return True
        before.close()
        watch.unsay()
        return False

    def leave_alone(self) -> None:
        """Let this call be what it will."""
        self._left_alone = True

    def close(self) -> None:
        """Leave the call."""
        if self.now is not None:
            self.now.close()
            self.now = None

    def _gone_through(self, call: OpenCall, begun: str) -> Grammar | None:
        """The grammar of this call as it is behind these words, None where there is none that they fit."""
        lazily = self._lazily
        body = lazily.calls.body(call)
        tokens = lazily.tokenize(begun) if begun else ()
        if body is None or b"".join(map(lazily.piece, tokens)) != begun.encode():
            return None
        try:
            grammar = Grammar(self._vocab, grammar_of_call(body))
        except (WorkerError, ValueError):
            return None  # a schema that no grammar can be made of: the call is read all the same
        for token in tokens:
            if not grammar.allows(token):
                grammar.close()
                return None
            grammar.accept(token)
        return grammar


def _pointing_at(rows: "NDArray[np.void]") -> "llama_cpp.llama_token_data_array":
    pointer = rows.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
    return llama_cpp.llama_token_data_array(pointer, len(rows), -1, False)
