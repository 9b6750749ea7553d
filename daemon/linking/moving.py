"""What is remembered of a note goes along when it moves."""

from functools import partial
from typing import TYPE_CHECKING

from vault_sync.paths import VaultPath

if TYPE_CHECKING:
    from daemon.compose import Famulus


class Moving:
    """Told by the Indexer, in the upkeep's thread, once the index has the note under its new path."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    def moved(self, old: VaultPath, new: VaultPath) -> None:
        """The note was at `old`, and is at `new`."""
        famulus = self._famulus
        famulus.linker.book.moved(old, new)
        famulus.sections.book.moved(old, new)
        for name, kind in famulus.kinds.items():
            famulus.inbox.moved(old, name, partial(kind.moved, old=old, new=new))
        famulus.inbox.quoted_elsewhere(old, new)
        famulus.journal.moved(old, new)
        famulus.jobs.book.moved(old, new)
        famulus.bus.publish("note.moved", path=new, old_path=old)
        famulus.schedule.saved(new)
