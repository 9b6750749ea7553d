"""What a search may be narrowed to."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Filter:
    """Narrow to a folder, a tag (with the tags below it) and notes changed on or between two days."""

    folder: str = ""
    tag: str = ""
    after: date | None = None
    before: date | None = None

    def __bool__(self) -> bool:
        return bool(self.folder or self.tag or self.after or self.before)
