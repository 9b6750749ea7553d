"""Which suggestions are meant: all that fit every field that is given."""

from dataclasses import dataclass

from agents.inbox.suggestion import SuggestionState


@dataclass(frozen=True, slots=True)
class Choice:
    """`ids` may be beginnings of ids; `folder` is a folder or a note, `target` a note; scores are inclusive."""

    ids: tuple[str, ...] = ()
    state: SuggestionState | None = None
    folder: str = ""
    kind: str = ""
    target: str = ""
    least: float | None = None
    most: float | None = None

    def __bool__(self) -> bool:
        """Whether it says anything of what is meant; a state alone does not."""
        narrow = self.ids or self.folder.strip("/") or self.kind or self.target
        return bool(narrow) or self.least is not None or self.most is not None


def conditions(choice: Choice) -> tuple[str, tuple[object, ...]]:
    """The choice as a condition of SQL on the table `suggestions`, with its values. Ids are not part of it."""
    folder = choice.folder.strip("/")
    given: list[tuple[str, object]] = [
        ("state = ?", choice.state),
        ("kind = ?", choice.kind or None),
        ("target = ?", choice.target or None),
        ("score >= ?", choice.least),
        ("score <= ?", choice.most),
    ]
    parts = [sql for sql, value in given if value is not None]
    values = [value for _, value in given if value is not None]
    if folder:
        parts.append("(path = ? OR substr(path, 1, ?) = ?)")
        values += [folder, len(folder) + 1, folder + "/"]
    return " AND ".join(parts) or "1", tuple(values)
