"""What a note in the folder for sections asks for: a section of its own in other notes, by the user's own prompt."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from agents.digests.digest_note import in_scope, scope_of
from agents.errors import AgentError
from agents.sections.owned import own_body
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath, title_of
from vault_sync.text import fold, words

KEY, VALUE = "famulus", "section"
NAME_KEY, HEADING_KEY, SCOPE_KEY = "famulus-name", "famulus-heading", "famulus-scope"
WHEN_KEY, WORDS_KEY = "famulus-when", "famulus-max-words"
When = Literal["save", "ask"]

_NAME = re.compile(r"[\w-]{1,40}")
_TAKEN = ("related",)
_USUAL_WORDS, _MOST_WORDS = 80, 400
_LONGEST_PROMPT = 2000


class SectionPromptError(AgentError):
    """A note that asks for a section in a way that can not be followed."""

    code = "section_prompt"


@dataclass(frozen=True, slots=True)
class SectionPrompt:
    """A wanted section: what it is called in its markers, what is asked, and of which notes.

    `headings` are texts by language, the one for all others under an empty key. `scope` holds folders and `#tags`
    (none: the whole vault). `when` says whether saving a note is enough, or whether it must be asked for by name.
    """

    path: VaultPath
    name: str
    prompt: str
    headings: Mapping[str, str]
    scope: tuple[str, ...] = ()
    when: When = "save"
    max_words: int = _USUAL_WORDS

    def heading(self, language: str) -> str:
        """The text of the heading in a note of this language."""
        return self.headings.get(language) or self.headings.get("") or title_of(self.path)

    def covers(self, path: str, tags: Iterable[str]) -> bool:
        """Whether a note gets the section. A tag covers the tags below it."""
        return in_scope(self.scope, path, tags)

    @property
    def fingerprint(self) -> str:
        """Another one whenever something else may be written for it."""
        said = repr((self.name, self.prompt, sorted(self.headings.items()), self.max_words))
        return hashlib.sha256(said.encode()).hexdigest()


def asks_for_section(note: Note) -> bool:
    """Whether the note says that it is a prompt for a section."""
    return note.frontmatter.get(KEY) == VALUE


def read_section_prompt(note: Note) -> SectionPrompt:
    """What the note asks for. Raises SectionPromptError."""
    front = note.frontmatter
    name = str(front.get(NAME_KEY) or "-".join(words(note.title))).strip()
    if not _NAME.fullmatch(name) or fold(name) in _TAKEN:
        raise _broken(note, f"{name!r} can not name a section.", f"Give `{NAME_KEY}` letters, digits, `-` and `_`.")
    when = str(front.get(WHEN_KEY) or "save").strip()
    if when not in get_args(When):
        raise _broken(note, f"`{WHEN_KEY}` is {when!r}.", "Write `save` or `ask`.")
    most = front.get(WORDS_KEY, _USUAL_WORDS)
    if not isinstance(most, int) or isinstance(most, bool) or not 10 <= most <= _MOST_WORDS:
        raise _broken(note, f"`{WORDS_KEY}` is {most!r}.", f"Write a number from 10 to {_MOST_WORDS}.")
    body = own_body(note).strip()
    if not words(body):
        raise _broken(note, "It has no text.", "Write below the frontmatter what the section should say.")
    headings = {key: _heading(front, key) for key in ("", "en", "ru")}
    scope = scope_of(front.get(SCOPE_KEY))
    return SectionPrompt(note.path, name, body[:_LONGEST_PROMPT], headings, scope, cast(When, when), most)


def _heading(front: Mapping[str, object], language: str) -> str:
    value = front.get(f"{HEADING_KEY}-{language}" if language else HEADING_KEY)
    return " ".join(str(value).replace("%%", "").split()).lstrip("# ") if isinstance(value, str | int) else ""


def _broken(note: Note, cause: str, fix: str) -> SectionPromptError:
    return SectionPromptError(f"The section that {note.path!r} asks for is not written.", cause, fix)
