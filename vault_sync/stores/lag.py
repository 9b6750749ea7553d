"""What one store has yet to learn of another that it follows. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True, slots=True)
class Lag:
    """Ids that were added and deleted since. One in both is to be forgotten first, and then learnt anew."""

    added: frozenset[int] = frozenset()
    deleted: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.added) + len(self.deleted)

    def __contains__(self, occurrence: object) -> bool:
        """Whether what the one that follows says of an id does not count."""
        return occurrence in self.added or occurrence in self.deleted

    def with_added(self, ids: Iterable[int]) -> "Lag":
        """The same after these were added."""
        return Lag(self.added.union(map(int, ids)), self.deleted)

    def with_deleted(self, ids: Iterable[int]) -> "Lag":
        """The same after these were deleted."""
        gone = frozenset(map(int, ids))
        return Lag(self.added - gone, self.deleted | gone)

    def part(self, most: int) -> "Lag":
        """What is to be learnt first, at most so many: what is deleted before what is added."""
        deleted = frozenset(islice(sorted(self.deleted), most))
        return Lag(frozenset(islice(sorted(self.added), most - len(deleted))), deleted)

    def without(self, part: "Lag") -> "Lag":
        """The same after this part was learnt."""
        return Lag(self.added - part.added, self.deleted - part.deleted)
