"""Links as Obsidian wants them written, whatever the note or the heading is called."""

import re
from urllib.parse import quote, unquote

from vault_sync.paths import NOTE_SUFFIX

_UNLINKABLE = re.compile(r"[#^|\[\]\\\r\n]|%%")
_HEADING_BREAKERS = re.compile(r"[|#^\\\r\n]|%%|\[\[|\]\]")
_LINK = re.compile(r"\[\[(?P<wiki>[^\[\]\r\n]+)\]\]|\[(?:\\.|[^\[\]\r\n])*\]\((?P<url>[^()\s]+)\)")


def heading_part(heading: str) -> str:
    """The heading as the part after `#`: what would break the link replaced by a space, as Obsidian does."""
    plain = _HEADING_BREAKERS.sub(" ", heading)
    return " ".join(re.sub(r"[\[\]]", " ", plain).split())


def link_to(linkpath: str, heading: str = "") -> str:
    """A link to the note that `linkpath` names (`Note`, or `Folder/Note` where the name alone is ambiguous).

    A wikilink, or a Markdown link where the name holds what a wikilink can not.
    """
    part = heading_part(heading)
    title = linkpath.rpartition("/")[2]
    if _UNLINKABLE.search(linkpath):
        url = quote(linkpath + NOTE_SUFFIX, safe="/") + (f"#{quote(part)}" if part else "")
        return f"[{_escaped(title)}]({url})"
    if part:
        return f"[[{linkpath}#{part}]]"
    return f"[[{linkpath}|{title}]]" if "/" in linkpath else f"[[{linkpath}]]"


def _escaped(title: str) -> str:
    return re.sub(r"([\[\]\\*_`#%^|<>$])", r"\\\1", title)


def first_link(text: str) -> re.Match[str] | None:
    """The first wikilink or Markdown link in `text`; `linked_name` says where it goes."""
    return _LINK.search(text)


def linked_name(link: re.Match[str]) -> str:
    """What the link names, without heading, alias, `.md` and percent-encoding."""
    wiki = link["wiki"]
    name = re.split(r"[#|]", wiki)[0].strip() if wiki else unquote(link["url"].split("#")[0])
    return name[: -len(NOTE_SUFFIX)] if name.lower().endswith(NOTE_SUFFIX) else name
