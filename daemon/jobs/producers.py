"""What makes suggestions for a job, by the names that `--kinds` takes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from agents.inbox.suggestion import Suggestion
from agents.jobs.produce import Producer
from daemon.linking.mentioning import Mentioning
from daemon.writing.undoing import FEATURE
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import content_hash
from vault_sync.writing.journal import Selection

if TYPE_CHECKING:
    from daemon.compose import Famulus


class Suggest(Protocol):
    """How a kind is asked for one note, by a job as by the routes."""

    async def __call__(self, path: VaultPath, *, keep: bool) -> Sequence[Suggestion]:
        """The suggestions; nothing is kept in mind where `keep` is not set."""
        ...


class Related:
    """Related notes."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    async def propose(self, path: VaultPath, data: bytes) -> Sequence[Suggestion]:
        """The related notes that the note with these bytes does not list yet."""
        return await self._famulus.linker.review(path, data, remember=False) or []


class Dry:
    """Asks a kind without keeping anything."""

    def __init__(self, suggest: Suggest) -> None:
        self._suggest = suggest

    async def propose(self, path: VaultPath, data: bytes) -> Sequence[Suggestion]:
        """As the kind does. It reads the note itself: one that changed in between is looked at again by the job."""
        return await self._suggest(path, keep=False)


def producers(famulus: "Famulus") -> Mapping[str, Producer]:
    """All of them. A job without a choice asks for all."""
    return {
        "related": Related(famulus),
        "mention": Dry(Mentioning(famulus).suggest),
        "properties": Dry(famulus.enriching.suggest),
        "section": Dry(famulus.sectioning.suggest),
    }


def left_so(famulus: "Famulus", path: VaultPath) -> bool:
    """Whether the note is as a job or an undo left it: then what its save would propose is what the user left out, or
    took back, just now."""
    last = famulus.journal.entries(Selection(path=path, state="done"), limit=1)
    if not last or not (last[0].feature == FEATURE or famulus.jobs.book.has(last[0].run)):
        return False
    data = famulus.read(path)
    return data is not None and content_hash(data) == last[0].after_hash
