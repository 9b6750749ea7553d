"""The daemon for tests of jobs: no model writes reasons, and with HOLD_AFTER=n it waits for ever at the note after n.

python -m tests.fakes.jobbing serve …
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence

from agents.answering.mastery import MasteryBook, Probe
from agents.inbox.suggestion import Suggestion
from agents.ports import ChatEngine
from daemon import cli, compose
from daemon.jobs import producers
from vault_sync.paths import VaultPath


class Nobody(MasteryBook):
    """No model masters anything, so that reasons are quotations."""

    async def measured(self, engine: ChatEngine, what: str, measure: Callable[[], Awaitable[Probe]]) -> bool:
        return False


class Held(producers.Related):
    """Looks at so many notes, and then at one more that never ends."""

    left = int(os.environ.get("HOLD_AFTER", "1000000"))

    async def propose(self, path: VaultPath, data: bytes) -> Sequence[Suggestion]:
        if self.left <= 0:
            await asyncio.Event().wait()
        self.left -= 1
        return await super().propose(path, data)


def main() -> None:
    setattr(compose, "MasteryBook", Nobody)  # noqa: B010 — the names are other modules'
    setattr(producers, "Related", Held)  # noqa: B010
    cli.main()


if __name__ == "__main__":
    main()
