"""How the tokens of one answer are chosen from the logits of a step, or by the device."""

import math
import random

import llama_cpp
import numpy as np

from daemon.engines.llama_cpp.batch_ports import NO_NUMBERS, NO_TOKEN, Chosen
from daemon.engines.llama_cpp.blocks import Logits
from daemon.engines.llama_cpp.chance import Chance
from daemon.engines.llama_cpp.native.lazy_grammar import Grammar, LazyGrammar
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import Sampling

_REFUSED = 256
"""Tokens that may be refused where a call begins before it is left alone."""


class LlamaSampler:
    """Chance, within a grammar of llama.cpp, which is asked about the chosen token first, and about all if it refuses.
    A call that the model makes by itself is within a grammar of its own.

    With `on_device` a chain of llama.cpp's samplers is given to the device (llama_set_sampler) where it can do all of it.
    """

    def __init__(
        self, context: object, vocab: object, sampling: Sampling, grammar: str, *, on_device: bool = False
    ) -> None:
        self._context = context
        self._logprobs = sampling.logprobs
        self.chance = Chance(sampling)
        try:
            self._grammar = Grammar(vocab, grammar) if grammar else None
        except ValueError as error:
            raise worker_errors.not_kept(sampling.grammar, error) from error
        self._lazy = LazyGrammar(vocab, sampling.calls) if sampling.calls is not None else None
        self._alone = self._grammar is None and self._logprobs is None and not sampling.penalised
        alone = self._alone and self._lazy is None
        self._chain = _chain(sampling) if on_device and alone and sampling.temperature > 0 else None
        self._sequence = -1
        self.on_device = False

    @property
    def plain(self) -> bool:
        """Whether nothing but chance decides about the next token, or all but: it has to be `seen`."""
        return self._alone and (self._lazy is None or self._lazy.now is None)

    def attach(self, sequence: int) -> None:
        """Choose for this sequence from now on."""
        if self._chain is not None:
            self._sequence = sequence
            self.on_device = bool(llama_cpp.llama_set_sampler(self._context, sequence, self._chain))

    def detach(self) -> None:
        """Choose for no sequence."""
        if self.on_device:
            llama_cpp.llama_set_sampler(self._context, self._sequence, None)
            self.on_device = False

    def sample(self, logits: Logits) -> Chosen:
        """The next token, which counts as said."""
        token = self.seen(self.chance.choose(logits), logits)
        if token < 0:
            return Chosen(token)
        self.chance.said(token)
        if self._logprobs is None:
            return Chosen(token)
        return _with_logprobs(logits, token, self._logprobs)

    def seen(self, token: int, logits: Logits) -> int:
        """The token itself, which counts as said; where it can not be, another one in its place, or NO_TOKEN.

        NO_NUMBERS where what was chosen has no finite logit: nothing that could be said is likelier.
        """
        if not math.isfinite(logits[token]):
            return NO_NUMBERS
        if self._grammar is not None:
            token = self._within(self._grammar, token, logits)
            if token != NO_TOKEN:
                self._grammar.accept(token)
        if self._lazy is not None:
            token = self._taken(self._lazy, self._in_call(self._lazy, token, logits), logits)
        return token

    def _within(self, grammar: Grammar, token: int, logits: Logits) -> int:
        if grammar.allows(token):
            return token
        allowed = grammar.allowed(logits)
        return self.chance.choose(allowed) if np.isfinite(allowed.max()) else NO_TOKEN

    def _in_call(self, lazy: LazyGrammar, token: int, logits: Logits) -> int:
        """The token, or the one in its place within a call; the call is left alone where none can be."""
        found = self._within(lazy.now, token, logits) if lazy.now is not None else token
        if found == NO_TOKEN:
            lazy.close()
            lazy.leave_alone()
            return token
        return found

    def _taken(self, lazy: LazyGrammar, token: int, logits: Logits) -> int:
        refused: list[int] = []
        while not lazy.takes(token):
            refused.append(token)
            others = logits.copy()
            others[refused] = -np.inf
            token = self.chance.choose(others)
            if len(refused) == _REFUSED:
                lazy.leave_alone()
        return token

    def sampled(self, output: int) -> Chosen:
        """The token that the device has chosen for this output of the step."""
        return Chosen(int(llama_cpp.llama_sampler_sample(self._chain, self._context, output)))

    def close(self) -> None:
        """Free what llama.cpp holds."""
        self.detach()
        if self._chain is not None:
            llama_cpp.llama_sampler_free(self._chain)
        for held in (self._grammar, self._lazy):
            if held is not None:
                held.close()


def _chain(sampling: Sampling) -> object:
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    seed = sampling.seed if sampling.seed is not None else random.getrandbits(32)
    links: list[object] = []
    if sampling.top_k > 0:
        links.append(llama_cpp.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        links.append(llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        links.append(llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1))
    links += [
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(seed & 0xFFFFFFFF),
    ]
    for link in links:
        llama_cpp.llama_sampler_chain_add(chain, link)
    return chain


def _with_logprobs(logits: Logits, token: int, most: int) -> Chosen:
    highest = float(logits.max())
    total = highest + float(np.log(np.exp(logits - highest, dtype=np.float64).sum()))
    likeliest = np.argpartition(logits, -most)[-most:] if most else np.empty(0, np.int64)
    ordered = likeliest[np.argsort(-logits[likeliest], kind="stable")]
    return Chosen(
        token, float(logits[token]) - total, tuple((int(each), float(logits[each]) - total) for each in ordered)
    )
