"""What stands between a link's brackets: target, heading, block id and alias."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|//")
_BLOCK = re.compile(r"#?\^([A-Za-z0-9-]+)\s*$")
_TITLE = re.compile(r"""[ \t\r\n]+(?:"[^"]{0,1000}"|'[^']{0,1000}'|\([^()]{0,1000}\))""")
_SPACE = re.compile(r"[ \t\r\n]*")
_ANGLED = re.compile(r"<([^<>\r\n]{0,4096})>")
_BARE = re.compile(r"[^\s<>()]+")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_OPEN = re.compile(r"obsidian://(?:open/?\?(?P<query>.*)|vault/(?P<vault>[^/?#]+)/(?P<file>[^?#]+))", re.IGNORECASE)
OBSIDIAN = "obsidian://"
"""What the target of a link by Obsidian's own URL begins with; the vault's name, a slash and the file follow."""
MAX_DESTINATION = 4096
MAX_PARENTHESES = 32
"""No file system takes a longer path, and CommonMark asks for no more nesting; both keep hostile text linear."""


@dataclass(frozen=True, slots=True)
class LinkText:
    """The parts of a link as written, not resolved."""

    target: str
    heading: str | None
    block: str | None
    alias: str | None


def read_wikilink(inner: str) -> LinkText | None:
    """Read what stands between `[[` and `]]`; None where that names nothing."""
    written, bar, alias = inner.partition("|")
    if bar:
        written = written.removesuffix("\\")  # a table needs its bars escaped
    target, heading, block = _split(written)
    if not (target or heading or block):
        return None
    return LinkText(target, heading, block, (alias.strip() or None) if bar else None)


def read_destination(destination: str, label: str) -> LinkText | None:
    """Read a Markdown link's destination; None where it leads out of the vault (a URL) or nowhere.

    The target of Obsidian's own URL names the vault: `Resolver` knows whether it is this one.
    """
    destination = _ESCAPE.sub(r"\1", destination.strip())
    if not destination or _SCHEME.match(destination):
        return _read_url(destination, label)
    path, mark, subpath = destination.partition("#")
    _, heading, block = _split(mark + decode_percent(subpath))
    target = decode_percent(path).strip()
    if not (target or heading or block) or "\0" in target:
        return None
    return LinkText(target, heading, block, label.strip() or None)


def _read_url(url: str, label: str) -> LinkText | None:
    """`obsidian://open?vault=…&file=…` or `obsidian://vault/…/…`; other URLs name nothing in a vault."""
    found = _OPEN.fullmatch(url)
    if found is None:
        return None
    query = dict(part.partition("=")[::2] for part in (found["query"] or "").split("&"))
    vault = decode_percent(found["vault"] or query.get("vault", ""))
    target, heading, block = _split(decode_percent(found["file"] or query.get("file", "")), strip=False)
    if not vault or not target or "/" in vault or "\0" in target:
        return None
    return LinkText(f"{OBSIDIAN}{vault}/{target.lstrip('/')}", heading, block, label.strip() or None)


def find_destination(text: str, start: int, limit: int) -> tuple[str, int] | None:
    """The destination of a Markdown link whose `(` ends at `start`, and where its `)` ends."""
    position = _skip_space(text, start, limit)
    angled = _ANGLED.match(text, position, limit)
    end = angled.end() if angled else _bare_end(text, position, min(limit, position + MAX_DESTINATION))
    destination = angled.group(1) if angled else text[position:end]
    title = _TITLE.match(text, end, limit)
    end = _skip_space(text, title.end() if title else end, limit)
    return (destination, end + 1) if end < limit and text[end] == ")" else None


def decode_percent(text: str) -> str:
    """`%20` and its like as characters; text that is not percent-encoded UTF-8 stays as it is."""
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return text


def _bare_end(text: str, position: int, limit: int) -> int:
    depth = 0
    while position < limit and depth <= MAX_PARENTHESES:
        if match := _BARE.match(text, position, limit):
            position = match.end()
        elif text[position] == "(":
            depth, position = depth + 1, position + 1
        elif text[position] == ")" and depth:
            depth, position = depth - 1, position + 1
        else:
            break
    return position


def _skip_space(text: str, position: int, limit: int) -> int:
    match = _SPACE.match(text, position, min(limit, position + MAX_DESTINATION))
    return match.end() if match else position


def _split(written: str, *, strip: bool = True) -> tuple[str, str | None, str | None]:
    target, mark, subpath = written.partition("#")
    found = _BLOCK.search(mark + subpath) if mark else None
    block = found.group(1) if found else None
    heading = (mark + subpath)[: found.start()] if found else mark + subpath
    return target.strip() if strip else target, heading.strip("#").strip() or None, block
