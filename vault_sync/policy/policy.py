"""One policy that decides for every path what may be read, what it may be used for, and what may be written. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol, get_args

from vault_sync.notes.frontmatter import read_frontmatter
from vault_sync.paths import is_document, is_note, is_pdf, within
from vault_sync.policy import pattern
from vault_sync.text import fold
from vault_sync.writing.edit import BOM

Use = Literal["embed", "prompt", "search", "related", "chat", "links", "digests", "notes", "events", "write"]
"""What a note may be used for: vectors are made of it; it stands in what a model is sent; it is found by search, as
related, for an answer; it is linked; a digest tells of it; it is listed (with what was written to it); events name
it; it is changed."""
USES: tuple[Use, ...] = get_args(Use)
_NEEDS: Mapping[Use, tuple[Use, ...]] = {"chat": ("prompt", "embed")}
"""Sentences for an answer are chosen by their vectors, and what it quotes goes to a model with the next question."""
_NOTES_ONLY: tuple[Use, ...] = ("write", "links", "digests")
"""What canvases, bases and PDFs are not put to: nothing proposes to change one, to link one, or to tell of one."""
_COPIED: tuple[Use, ...] = ("embed", "prompt", "search", "chat")
"""What happens to the text of any note, hence to a sentence that stands in another one."""

_CONFLICT = re.compile(
    r"\.sync-conflict-\d|(?:^|/)[.~]syncthing[.~]"
    r"|\([^()/]*(?:conflict(?:ed|ing)? copy|конфликт\w+ копи\w|case (?:conflict|clash))[^()/]*\)"
    r"|\(sfconflict [^()/]*\)|[ _-]conflict-\d{8}-\d{6}",
    re.IGNORECASE,
)
_TEMPLATE_FOLDERS = frozenset({"templates", "template", "_templates", "шаблоны", "шаблон"})
_ASKS = re.compile(
    r"^[ \t]*[\"']?(?:famulus-ignore|private)[\"']?[ \t]*:[ \t]*[\"']?(?:true|yes|1|on)\b", re.MULTILINE | re.IGNORECASE
)
_TRUE = frozenset({"true", "yes", "1", "on"})
HEAD = 2000
"""Characters in which broken frontmatter is searched for the wish to be left alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Notes that one of `paths` (globs or folders) fits are not put to the uses in `deny`."""

    paths: tuple[str, ...]
    deny: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for the notes of one vault.

    `exclude` holds globs and folders, `ignored` Obsidian's filters of excluded files: neither is ever read. `templates`
    are folders that are read and never written. Notes in the folders `write_in` may be changed, and in the folder
    `new_notes` also made; the empty folder is the whole vault.
    """

    exclude: tuple[str, ...] = ()
    templates: tuple[str, ...] = ("Templates",)
    ignored: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    write_in: tuple[str, ...] = ("",)
    new_notes: str = "Famulus"
    pdf: bool = False
    """Whether PDFs are read, too: what reads them is an extra."""

    @property
    def current(self) -> "Policy":
        """Itself: a policy that never changes can stand wherever one is asked for that may (see `InForce`)."""
        return self

    @property
    def fingerprint(self) -> str:
        """A hash of all it says: by it is known what the index was last cleaned for."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    def readable(self, path: str) -> bool:
        """Whether the file may be indexed: a note or a document, not hidden, not excluded, no sync conflict."""
        return self.has_text(path) and not self.conflict(path) and not self.hidden(path)

    def has_text(self, path: str) -> bool:
        """Whether a file of this kind is read at all."""
        return is_note(path) or (is_document(path) and (self.pdf or not is_pdf(path)))

    def hidden(self, path: str) -> bool:
        """Whether a file or folder is out of sight: a part starts with a dot, or it is excluded here or in Obsidian."""
        return path.startswith(".") or "/." in path or self.excluded(path)

    def excluded(self, path: str) -> bool:
        """Whether the owner excluded a file or folder."""
        excluded = bool(self.exclude) and pattern.fits(path, self.exclude)
        return excluded or (bool(self.ignored) and pattern.ignores(self.ignored, path))

    def conflict(self, path: str) -> bool:
        """Whether a sync tool made the file, or a folder that it lies in: a conflict copy, or one half copied."""
        return _CONFLICT.search(path) is not None

    def template(self, path: str) -> bool:
        """Whether it is a template: in one of the folders for them, or in a folder that is called so."""
        folded = fold(path)
        if any(within(folded, folder) for folder in _folded(self.templates)):
            return True
        return not _TEMPLATE_FOLDERS.isdisjoint(folded.split("/")[:-1])

    def private(self, frontmatter: Mapping[str, object]) -> bool:
        """Whether the note asks to be left alone (`famulus-ignore: true` or `private: true`)."""
        return any(_is_true(frontmatter.get(key)) for key in ("famulus-ignore", "private"))

    def private_by_text(self, frontmatter: str) -> bool:
        """The same for frontmatter that is broken and can not be parsed: in doubt the note is left alone."""
        return _ASKS.search(frontmatter) is not None

    def private_data(self, data: bytes) -> bool:
        """The same for a note's bytes (its first ones are enough), whatever they are."""
        text = data.removeprefix(BOM).decode(errors="replace")
        front = read_frontmatter(text)
        if front.body_start and front.error is None:
            return self.private(front.values)
        # Where broken frontmatter ends is not known: a key at the start of a line near the top is enough.
        return text.startswith("---") and self.private_by_text(text[: max(front.body_start, HEAD)])

    def denies(self, path: str, use: Use) -> bool:
        """Whether a rule forbids this use, whatever else the path is."""
        return any(_touches(rule, use) and pattern.fits(path, rule.paths) for rule in self.rules)

    def restricts(self, use: Use) -> bool:
        """Whether a rule can forbid this use of a readable note; where none can, nobody need ask note by note."""
        return any(_touches(rule, use) for rule in self.rules)

    def allows(self, path: str, use: Use) -> bool:
        """Whether the note may be put to this use."""
        if use in _NOTES_ONLY and not is_note(path):
            return False
        return self.writable(path) if use == "write" else self.readable(path) and not self.denies(path, use)

    def quotable(self, path: str) -> bool:
        """Whether its sentences may stand in another note, which is searched, embedded and read by models itself."""
        return all(self.allows(path, use) for use in _COPIED)

    def writable(self, path: str) -> bool:
        """Whether a file that exists may be changed: a note, no template, and where writing is allowed."""
        allowed = self.readable(path) and self._in_reach(path) and not self.denies(path, "write")
        return is_note(path) and allowed and not self.template(path)

    def creatable(self, path: str) -> bool:
        """Whether a note may be made there: as one that may be changed, in the folder for new notes."""
        return within(fold(path), fold(self.new_notes.strip("/"))) and self.writable(path)

    def _in_reach(self, path: str) -> bool:
        """Whether it lies where Famulus may write: its own folder for new notes counts, but not if that is the vault."""
        folders = (*self.write_in, *filter(None, (self.new_notes.strip("/"),)))
        return any(within(fold(path), fold(folder.strip("/"))) for folder in folders)


class PolicySource(Protocol):
    """Whatever knows the policy that holds now: a Policy, or an InForce."""

    @property
    def current(self) -> Policy:
        """The policy, to be asked for anew at each decision."""
        ...


class InForce:
    """Holds the policy of a running daemon: what is put into `current` counts from the next decision on."""

    def __init__(self, policy: Policy) -> None:
        self.current = policy


@lru_cache(maxsize=16)
def _folded(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Folders as paths are compared with them, without the vault itself: a save asks of a hundred notes."""
    return tuple(fold(folder.strip("/")) for folder in folders if folder.strip("/"))


def _touches(rule: Rule, use: Use) -> bool:
    return not {use, *_NEEDS.get(use, ())}.isdisjoint(rule.deny)


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str | int) and str(value).strip().casefold() in _TRUE)
