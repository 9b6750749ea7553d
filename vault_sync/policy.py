"""One policy that decides for every path what may be read and what may be written."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass

from vault_sync.paths import VaultPath, is_note, within
from vault_sync.text import fold

_CONFLICT_MARKS = (".sync-conflict-", "(conflicted copy", ".syncthing.")
_ASKS = re.compile(
    r"^[ \t]*[\"']?(?:famulus-ignore|private)[\"']?[ \t]*:[ \t]*[\"']?(?:true|yes|1|on)\b", re.MULTILINE | re.IGNORECASE
)
_TRUE = frozenset({"true", "yes", "1", "on"})


@dataclass(frozen=True, slots=True)
class Policy:
    """`exclude` holds globs and folders; `templates` a folder that is read but never written."""

    exclude: tuple[str, ...] = ()
    templates: str = "Templates"

    def readable(self, path: VaultPath) -> bool:
        """Whether the file may be indexed: a note, not hidden, not excluded, no sync conflict."""
        return is_note(path) and not self.hidden(path) and not any(mark in path for mark in _CONFLICT_MARKS)

    def hidden(self, path: str) -> bool:
        """Whether a file or folder is out of sight: a part starts with a dot, or a glob excludes it."""
        if any(part.startswith(".") for part in path.split("/")):
            return True
        return any(_matches(path, pattern) for pattern in self.exclude)

    def private(self, frontmatter: Mapping[str, object]) -> bool:
        """Whether the note asks to be left alone (`famulus-ignore: true` or `private: true`)."""
        return any(_is_true(frontmatter.get(key)) for key in ("famulus-ignore", "private"))

    def private_by_text(self, frontmatter: str) -> bool:
        """The same for frontmatter that is broken and can not be parsed: in doubt the note is left alone."""
        return _ASKS.search(frontmatter) is not None

    def writable(self, path: VaultPath) -> bool:
        """Whether a note may be changed: whatever is readable and no template."""
        return self.readable(path) and not within(path, self.templates)


def _matches(path: str, pattern: str) -> bool:
    folded, wanted = fold(path), fold(pattern.strip("/"))
    return within(folded, wanted) or fnmatch.fnmatchcase(folded, wanted)


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str | int) and str(value).strip().casefold() in _TRUE)
