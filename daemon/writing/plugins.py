"""The plugins that are connected: who has proved to see the vault's files, and what they are asked to write."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from daemon.bus import Bus
from daemon.wire import edit_request
from vault_sync.paths import VaultPath
from vault_sync.writing.write import Begun

log = logging.getLogger(__name__)

Outcome = Literal["applied", "stale", "busy", "failed"]
SAMPLE = 5
"""Notes whose hashes a plugin has to name before it is trusted with an Edit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plugin says of an Edit: `digest` is the hash of the note's bytes afterwards, None where it is unknown."""

    outcome: Outcome
    digest: str | None
    reason: str


@dataclass(slots=True)
class _Plugin:
    streams: int = 0
    prove: tuple[VaultPath, ...] = ()
    proven: bool = False
    asked: dict[str, "asyncio.Future[Answer | None]"] = field(default_factory=dict)


class Plugins:
    """Used from the event loop only. A plugin is known by the name that it gave itself when it was loaded."""

    def __init__(
        self,
        bus: Bus,
        seconds: float,
        notes: Callable[[], Sequence[VaultPath]],
        digest_of: Callable[[VaultPath], str | None],
    ) -> None:
        """`seconds` is how long an answer may take, `notes` are those that may be named as a proof."""
        self._bus = bus
        self._seconds = seconds
        self._notes = notes
        self._digest_of = digest_of
        self._plugins: dict[str, _Plugin] = {}

    def connect(self, name: str) -> list[VaultPath]:
        """A plugin opened its event stream; returns the notes whose hashes it has to name."""
        plugin = self._plugins.setdefault(name, _Plugin())
        plugin.streams += 1
        notes = list(self._notes())
        plugin.prove = tuple(secrets.SystemRandom().sample(notes, min(SAMPLE, len(notes))))
        plugin.proven = False
        return list(plugin.prove)

    def disconnect(self, name: str) -> None:
        """Its stream ended: what it was asked and has not answered is as good as unanswered."""
        plugin = self._plugins.get(name)
        if plugin is None:
            return
        plugin.streams -= 1
        if plugin.streams <= 0:
            del self._plugins[name]
            for waiting in plugin.asked.values():
                if not waiting.done():
                    waiting.set_result(None)

    async def prove(self, name: str, hashes: Mapping[str, str | None]) -> str:
        """Compare what a plugin read with what lies here; returns why it is not trusted, or nothing."""
        plugin = self._plugins.get(name)
        if plugin is None:
            return "It has no open event stream."
        if not plugin.prove:
            return "There is no note yet by which to tell that it sees the same vault."
        here = {path: await asyncio.to_thread(self._digest_of, path) for path in plugin.prove}
        wrong = next((path for path, digest in here.items() if digest is None or hashes.get(path) != digest), None)
        plugin.proven = wrong is None
        return "" if wrong is None else f"It does not see the same {wrong!r} as the daemon."

    def ready(self) -> str | None:
        """The plugin that writes now, None where none does: the one that connected last."""
        return next((name for name in reversed(self._plugins) if self._plugins[name].proven), None)

    async def ask(self, name: str, begun: Begun) -> Answer | None:
        """Have a plugin apply what was begun; None where it died or said nothing in time. It is then not asked again."""
        assert begun.entry is not None
        plugin = self._plugins[name]
        key = f"{begun.entry.id}-{secrets.token_hex(4)}"
        plugin.asked[key] = waiting = asyncio.get_running_loop().create_future()
        try:
            request: dict[str, Any] = edit_request(begun.change, begun.before, begun.digest)
            self._bus.publish("edit.apply", to=name, id=key, seconds=self._seconds, **request)
            return await asyncio.wait_for(waiting, self._seconds)
        except TimeoutError:
            log.warning(
                "The app did not answer within %g seconds; the daemon writes by itself from now on.", self._seconds
            )
            plugin.proven = False
            return None
        finally:
            plugin.asked.pop(key, None)
            if waiting.cancelled() or not waiting.done():
                self._bus.publish("edit.withdrawn", to=name, id=key)

    def answer(self, name: str, key: str, answer: Answer) -> bool:
        """A plugin answers; False where nobody waits for that any more."""
        waiting = self._plugins[name].asked.get(key) if name in self._plugins else None
        if waiting is None or waiting.done():
            return False
        waiting.set_result(answer)
        return True
