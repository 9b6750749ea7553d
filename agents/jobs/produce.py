"""What a job asks for suggestions: one port for all kinds, so that a new kind joins by being listed."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agents.errors import BadRequestError
from agents.inbox.suggestion import Suggestion
from vault_sync.paths import VaultPath


class Producer(Protocol):
    """Makes suggestions of one kind for one note, and keeps nothing in mind."""

    async def propose(self, path: VaultPath, data: bytes) -> Sequence[Suggestion]:
        """The suggestions for the note with these bytes; none is a fine answer.

        Raises EngineError or EmbedderError where it could do better later, other errors of ours where this note is the
        matter.
        """
        ...


def chosen(producers: Mapping[str, Producer], kinds: Sequence[str]) -> list[Producer]:
    """The producers of these names. Raises BadRequestError for a name that none has."""
    unknown = [kind for kind in kinds if kind not in producers]
    if unknown or not kinds:
        raise BadRequestError(
            "No job was made.",
            f"Nothing produces {', '.join(map(repr, unknown)) or 'nothing'}.",
            f"Name some of: {', '.join(producers)}.",
        )
    return [producers[kind] for kind in dict.fromkeys(kinds)]
