"""What the batcher needs of a model, and whom it tells. Knows no model library."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.engines.llama_cpp.chance import Chance
from daemon.engines.worker.errors import WorkerError
from daemon.engines.worker.requests import Sampling


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens that one sequence reads in a step, beginning at `start`; the last `outputs` of them are asked for logits."""

    sequence: int
    start: int
    tokens: Sequence[int]
    outputs: int


NO_TOKEN, NO_NUMBERS = -1, -2
"""What is chosen where a grammar allows no token at all, and where the likeliest one's logit is no finite number."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A token that was chosen; `top` are the likeliest in its place. Logarithms are natural, None where not asked for."""

    token: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


class Sampler(Protocol):
    """Chooses the tokens of one answer, wherever the cache has it."""

    def attach(self, sequence: int) -> None: ...  # noqa: D102
    def detach(self) -> None: ...  # noqa: D102
    def sample(self, logits: NDArray[np.float32]) -> Chosen: ...  # noqa: D102
    def seen(self, token: int, logits: NDArray[np.float32]) -> int: ...  # noqa: D102
    def sampled(self, output: int) -> Chosen: ...  # noqa: D102
    @property
    def on_device(self) -> bool: ...  # noqa: D102
    @property
    def plain(self) -> bool: ...  # noqa: D102
    @property
    def chance(self) -> Chance: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class Sequences(Protocol):
    """The key-value cache of a model, and its step."""

    @property
    def count(self) -> int:
        """How many sequences there are."""
        ...

    @property
    def room(self) -> int:
        """Tokens of all sequences together."""
        ...

    @property
    def batch(self) -> int:
        """Tokens of one step at most."""
        ...

    @property
    def partial(self) -> bool:
        """Whether the end of a sequence can be cut off."""
        ...

    @property
    def aside(self) -> bool:
        """Whether `decode` comes back while the step is computed, on a device of its own."""
        ...

    def decode(self, rows: Sequence[Row]) -> None:
        """Carry out a step. Raises WorkerError; then no sequence can be trusted any more."""
        ...

    def cut(self, sequence: int, length: int) -> None:
        """Forget what follows the first `length` tokens."""
        ...

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target` hold the first `length` tokens of `source`, and nothing else."""
        ...

    def state(self, sequence: int) -> bytes:
        """What the cache holds of a sequence."""
        ...

    def restore(self, sequence: int, state: bytes, length: int) -> bool:
        """Let the sequence hold the `length` tokens that `state` was made of; False where it then holds nothing."""
        ...

    def sampler(self, sampling: Sampling) -> Sampler:
        """How an answer is to be sampled. Raises WorkerError for a wrong grammar."""
        ...

    def sample(self, wanted: Sequence[tuple[Sampler, int, Sequence[int]]]) -> list[list[Chosen]]:
        """Tokens for (sampler, number of its first output among those of the last step, draft), one list for each.

        A list ends with the first token that differs from the draft, or with the one behind it.
        """
        ...

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        ...


class Beginnings(Protocol):
    """Beginnings of prompts that outlive the process."""

    def has(self, tokens: Sequence[int]) -> bool: ...  # noqa: D102
    def find(self, tokens: Sequence[int]) -> bytes | None: ...  # noqa: D102
    def keep(self, tokens: Sequence[int], state: bytes) -> None: ...  # noqa: D102
    def forget(self, tokens: Sequence[int]) -> None: ...  # noqa: D102


class Listener(Protocol):
    """Who hears how answers come along; must not take long."""

    def working(self, request: int) -> None:
        """A piece of the prompt was read."""
        ...

    def chosen(self, request: int, token: Chosen) -> None:
        """One more token."""
        ...

    def over(self, request: int, reason: str, usage: dict[str, int]) -> None:
        """The answer is complete: `stop`, `length` or `cancelled`."""
        ...

    def failed(self, request: int, error: WorkerError) -> None:
        """There will be no answer."""
        ...

    def stopped(self, request: int) -> bool:
        """Whether nothing more is wanted: the text so far contains a stop string, or the call that was asked for."""
        ...
