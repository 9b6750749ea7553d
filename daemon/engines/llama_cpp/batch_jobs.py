"""Requests on their way through a batcher, and what its cache holds. Knows no model library."""

from dataclasses import dataclass, field

from daemon.engines.llama_cpp.batch_ports import Row, Sampler
from daemon.engines.worker.requests import INTERACTIVE, Sampling

MISSED = 100
"""Requests after which a conversation that did not go on is no better kept than work in bulk."""


@dataclass(slots=True)
class Job:
    """One request on its way. `tokens` are the prompt and what was written; of these `read` are in the cache.

    The first `head` tokens may outlive the process: they hold nothing but what a system turn and tools say.
    """

    request: int
    tokens: list[int]
    sampling: Sampling
    urgency: int
    order: int
    prompt: int = 0
    head: int = 0
    cached: int = 0
    read: int = 0
    sequence: int = -1
    sampler: Sampler | None = None
    drafted: list[int] = field(default_factory=list)

    @property
    def written(self) -> int:
        """Tokens of the answer so far."""
        return len(self.tokens) - self.prompt

    @property
    def unread(self) -> int:
        """Tokens that the cache does not have."""
        return len(self.tokens) - self.read

    @property
    def writing(self) -> bool:
        """Whether only the token that was chosen last is still to be read."""
        return self.unread == 1 and self.written > 0

    @property
    def waited_for(self) -> bool:
        """Whether somebody reads the answer as it is written."""
        return self.urgency == INTERACTIVE

    @property
    def need(self) -> int:
        """Tokens of room that it may come to take."""
        return self.prompt + self.sampling.max_tokens

    def piece(self, share: int) -> Row:
        """The next tokens of the prompt, of which the last one is answered."""
        return Row(self.sequence, self.read, self.tokens[self.read : self.read + share], int(share == self.unread))


@dataclass(slots=True)
class Held:
    """A sequence of the cache: its tokens, the number of the newest request when it was used, and who used it.

    A `warm` one holds a beginning that several prompts share.
    """

    tokens: list[int] = field(default_factory=list)
    used: int = 0
    warm: bool = False
    urgency: int = INTERACTIVE

    def spare(self, newest: int) -> bool:
        """Whether no conversation is likely to go on here."""
        return self.urgency > INTERACTIVE or newest - self.used > MISSED
