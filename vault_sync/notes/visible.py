"""Note text as a reader sees it: what the embedder is given instead of Markdown's marks."""

import re

from vault_sync.notes.linktext import decode_percent

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_WIKILINK = re.compile(r"!?\[\[([^\[\]|\r\n]*?)(?:\\?\|([^\[\]\r\n]*))?\]\]")
_MDLINK = re.compile(
    r"!?\[([^\[\]]*)\]\((<[^<>\r\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:\s+(?:\"[^\"\r\n]*\"|'[^'\r\n]*'))?\s*\)"
)
_AUTOLINK = re.compile(r"<https?://[^<>\s]*>")
_BLOCK_ID = re.compile(r"(?:(?<=\s)|^)\^[A-Za-z0-9-]+[ \t]*$", re.MULTILINE)
_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)+(?:\[!([^\]\r\n]*)\][+-]?)?", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{3,}[ \t:|-]*$", re.MULTILINE)
_EMPHASIS = re.compile(r"\*\*|==|~~|(?<!\w)__|__(?!\w)")
_TAGS = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>")
_BLANK = re.compile(r"[ \t]*(?:\r\n?|\n)(?:[ \t]*(?:\r\n?|\n))+")
_SIZE = re.compile(r"\d+(?:x\d+)?")
_SPACES = re.compile(r"[ \t]{2,}")


def visible(text: str) -> str:
    """`text` without comments, block ids, URLs of links, quote and emphasis marks and NULs."""
    for pattern, by in ((_COMMENT, ""), (_BLOCK_ID, ""), (_QUOTE, ""), (_RULE, ""), (_AUTOLINK, "")):
        text = pattern.sub(by, text)
    text = _MDLINK.sub(_label, _WIKILINK.sub(_link, text))
    text = _MDLINK.sub(_label, text)  # an image that was the label of a link
    text = _TAGS.sub(" ", _EMPHASIS.sub("", text)).replace("\0", " ")
    return _SPACES.sub(" ", _BLANK.sub("\n", text)).strip()


def _label(match: re.Match[str]) -> str:
    """What a Markdown link shows; of a file that is embedded without a word, its name."""
    label, destination = match.group(1), match.group(2).strip("<>")
    if label.strip() or not match.group().startswith("!") or "://" in destination:
        return label
    return decode_percent(destination.partition("#")[0]).rpartition("/")[2]


def _link(match: re.Match[str]) -> str:
    target, alias = match.group(1), (match.group(2) or "").strip()
    if alias and not (match.group().startswith("!") and _SIZE.fullmatch(alias)):
        return alias
    name, _, subpath = target.partition("#")
    name = name.rpartition("/")[2].strip()
    parts = [name, *(part.strip() for part in subpath.split("#") if not part.startswith("^"))]
    return " > ".join(part for part in parts if part)
