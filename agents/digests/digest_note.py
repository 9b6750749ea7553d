"""What a digest note asks for: when to run, which notes it is about, and its prompt."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agents.digests.schedule_rules import NextFire
from agents.errors import DigestError
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath, folder_of, title_of, within
from vault_sync.text import fold, language_of

SCHEDULE_KEY = "famulus-digest"
SCOPE_KEY = "famulus-scope"
WRITTEN_KEY = "famulus"
WRITTEN_VALUE = "digest"


@dataclass(frozen=True, slots=True)
class DigestNote:
    """A digest: its note, its cron line, folders and `#tags` it is about (none: the whole vault), its prompt."""

    path: VaultPath
    cron: str
    scope: tuple[str, ...]
    prompt: str
    new_notes: str = ""
    """The folder for new notes, where what it writes goes if its own folder is not for new notes."""

    @property
    def name(self) -> str:
        """The note's title."""
        return title_of(self.path)

    @property
    def language(self) -> str:
        """The language that it is written in: the prompt's."""
        return language_of(self.prompt)

    @property
    def stems(self) -> tuple[str, str]:
        """What the paths of its notes begin with, before the date: beside itself, and in the folder for new notes."""
        folders = (folder_of(self.path), self.new_notes.strip("/"))
        beside, elsewhere = (f"{folder}/{self.name}" if folder else self.name for folder in folders)
        return beside, elsewhere

    def wrote(self, path: str) -> bool:
        """Whether the path is one that this digest gives to its notes."""
        names = "|".join(map(re.escape, self.stems))
        return re.fullmatch(rf"(?:{names}) \d{{4}}-\d{{2}}-\d{{2}}( \d+)?\.md", path) is not None

    def covers(self, path: str, tags: Iterable[str]) -> bool:
        """Whether a note is in scope. A tag covers the tags below it."""
        return in_scope(self.scope, path, tags)


def in_scope(scope: Iterable[str], path: str, tags: Iterable[str]) -> bool:
    """Whether a note is in one of these folders or has one of these `#tags`; an empty scope is the whole vault."""
    parts, folded = tuple(scope), [fold(tag) for tag in tags]
    return not parts or any(_covers(part, path, folded) for part in parts)


def _covers(part: str, path: str, tags: list[str]) -> bool:
    if not part.startswith("#"):
        return within(fold(path), fold(part.strip("/")))
    wanted = fold(part[1:])
    return any(tag == wanted or tag.startswith(wanted + "/") for tag in tags)


def is_written_digest(note: Note) -> bool:
    """Whether a digest wrote this note."""
    return note.frontmatter.get(WRITTEN_KEY) == WRITTEN_VALUE


def read_digest(note: Note, now: datetime, next_fire: NextFire, new_notes: str = "") -> DigestNote:
    """The digest that a note describes; `new_notes` is the folder for new notes. Raises DigestError where it can not
    be run.
    """
    cron = note.frontmatter.get(SCHEDULE_KEY)
    if not isinstance(cron, str) or not cron.strip():
        raise _broken(note, f"Its key `{SCHEDULE_KEY}` holds no cron line.")
    try:
        fires = next_fire(cron.strip(), now)
    except ValueError as error:
        raise _broken(note, f"The cron line {cron!r} can not be read: {error}.") from error
    if fires is None:
        raise _broken(note, f"The cron line {cron!r} never comes due.")
    prompt = _body(note)
    if not prompt:
        raise DigestError(
            f"The digest {note.path!r} is not run.",
            "Its note has no text.",
            "Write below the frontmatter what the digest should tell.",
        )
    return DigestNote(note.path, cron.strip(), scope_of(note.frontmatter.get(SCOPE_KEY)), prompt, new_notes)


def _broken(note: Note, cause: str) -> DigestError:
    fix = f'Write five fields, such as `{SCHEDULE_KEY}: "0 8 * * mon-fri"` (minute hour day month weekday).'
    return DigestError(f"The digest {note.path!r} is not run.", cause, fix)


def _body(note: Note) -> str:
    text = note.text[note.body_start :]
    for region in reversed([r for r in note.regions if r.kind == "managed"]):
        start, end = region.span.start - note.body_start, region.span.end - note.body_start
        text = text[:start] + text[end:]
    return text.strip()


def scope_of(value: object) -> tuple[str, ...]:
    """The folders and tags that a property names."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(str(part).strip() for part in values if part is not None and str(part).strip().strip("/"))
