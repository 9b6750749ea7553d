"""A link as it is written into a note: as a wikilink, as a relative Markdown link, or as Obsidian's own URL. Pure.

`spellings` gives the ways to write one, the nicest first: which of them leads there depends on what else the vault
holds, and whoever knows that takes the first that does.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote

from vault_sync.paths import NOTE_SUFFIX, VaultPath, folder_of, title_of

Form = Literal["wikilink", "markdown", "obsidian-url"]
FORMS: tuple[Form, ...] = get_args(Form)

_UNLINKABLE = re.compile(r"[#^|\[\]\\\r\n]|%%")
_HEADING_BREAKERS = re.compile(r"[|#^\\\r\n]|%%|\[\[|\]\]")
_BREAKS_DESTINATION = frozenset("%#^|[]()<>\\\"'`*$&?:")


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a link leads: a note, and at most one of a heading and a block (its id) of it."""

    path: VaultPath
    heading: str = ""
    block: str = ""

    @property
    def part(self) -> str:
        """What follows `#`; empty where the link leads to the whole note."""
        return f"^{self.block}" if self.block else heading_part(self.heading)


def heading_part(heading: str) -> str:
    """The heading as the part after `#`: what would break the link replaced by a space, as Obsidian does."""
    plain = _HEADING_BREAKERS.sub(" ", heading)
    return " ".join(re.sub(r"[\[\]]", " ", plain).split())


def spellings(
    form: Form, goal: Goal, source: VaultPath, *, name: str, vault: str = "", text: str = "", table: bool = False
) -> Iterator[str]:
    """The ways to write a link from the note `source`, nicest first.

    `name` is what a wikilink calls the note (its title, or its path without `.md`), `vault` what an URL calls the
    vault, `text` what is shown (empty: the title). In a `table` bars are escaped.
    """
    if form == "obsidian-url":
        for file in (goal.path[: -len(NOTE_SUFFIX)], goal.path):
            yield _labelled(text or title_of(goal.path), _url(vault, file, goal.part))
    if form == "wikilink":
        for linkpath in (name, goal.path[: -len(NOTE_SUFFIX)], goal.path):
            if not _UNLINKABLE.search(linkpath + re.sub(r"[#^]", "", text)):
                shown = text or ("" if goal.part else _shown(linkpath))
                yield _wikilink(linkpath, goal.part, shown, "\\|" if table else "|")
        if _UNLINKABLE.search(name):
            yield _markdown(name.removesuffix(NOTE_SUFFIX) + NOTE_SUFFIX, goal, text)
    relative = posixpath.relpath(goal.path, folder_of(source) or ".")
    yield _markdown(relative, goal, text)
    yield _markdown(f"./{relative}", goal, text)


def _shown(linkpath: str) -> str:
    """A path is shown as the title, a name as it is."""
    return title_of(VaultPath(linkpath)) if "/" in linkpath else ""


def _wikilink(linkpath: str, part: str, text: str, bar: str) -> str:
    named = f"{linkpath}#{part}" if part else linkpath
    return f"[[{named}{bar}{text}]]" if text and text != named else f"[[{named}]]"


def _markdown(file: str, goal: Goal, text: str) -> str:
    destination = encoded(file) + (f"#{'^' if goal.block else ''}{encoded(goal.part.lstrip('^'))}" if goal.part else "")
    return _labelled(text or title_of(goal.path), destination)


def _url(vault: str, file: str, part: str) -> str:
    whole = f"{file}#{part}" if part else file
    return f"obsidian://open?vault={quote(vault, safe='')}&file={quote(whole, safe='')}"


def encoded(path: str) -> str:
    """The path as a Markdown link's destination: letters of all scripts stay, as Obsidian leaves them."""
    return "".join(quote(char, safe="") if _breaks(char) else char for char in path)


def _breaks(char: str) -> bool:
    return char in _BREAKS_DESTINATION or char.isspace() or not char.isprintable()


def _labelled(text: str, destination: str) -> str:
    label = re.sub(r"([\[\]\\*_`#%^|<>$])", r"\\\1", " ".join(text.split()))
    return f"[{label}]({destination})"
