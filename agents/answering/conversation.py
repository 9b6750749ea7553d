"""Past turns are sent again exactly as they were, with the passages they then had: the engine's cache stays warm."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from agents.ports import Message
from vault_sync.paths import VaultPath


@dataclass(frozen=True, slots=True)
class Turn:
    """A user turn as it was sent, and the notes that stood in it."""

    rendered: str
    paths: tuple[VaultPath, ...]


def key_of(messages: Sequence[Message]) -> str:
    """A key for the conversation up to and with its last turn, as the client wrote it."""
    digest = hashlib.blake2b(digest_size=16)
    for message in messages:
        for part in (message.role, message.content):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


class Turns:
    """Remembers a bounded number of turns, the least recently used are forgotten first. Safe to use from threads."""

    def __init__(self, capacity: int = 512) -> None:
        self._capacity = capacity
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._lock = Lock()

    def remember(self, messages: Sequence[Message], turn: Turn) -> None:
        """Keep how the last turn of `messages` was sent."""
        with self._lock:
            self._turns[key_of(messages)] = turn
            self._turns.move_to_end(key_of(messages))
            while len(self._turns) > self._capacity:
                self._turns.popitem(last=False)

    def forget(self, gone: Callable[[VaultPath], bool]) -> None:
        """Forget the turns in which a note stood that is gone."""
        with self._lock:
            for key in [key for key, turn in self._turns.items() if any(map(gone, turn.paths))]:
                del self._turns[key]

    def replay(self, messages: Sequence[Message], allowed: Callable[[VaultPath], bool]) -> list[Message]:
        """The past turns as they were sent. A turn is shown bare where one of its notes is no longer allowed."""
        return [self._one(messages[: index + 1], allowed) for index in range(len(messages))]

    def _one(self, prefix: Sequence[Message], allowed: Callable[[VaultPath], bool]) -> Message:
        message = prefix[-1]
        if message.role != "user":
            return message
        with self._lock:
            turn = self._turns.get(key_of(prefix))
            if turn:
                self._turns.move_to_end(key_of(prefix))
        if turn is None or not all(map(allowed, turn.paths)):
            return message
        return Message("user", turn.rendered)
