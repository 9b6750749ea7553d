"""One line of text as a YAML scalar: plain where every reader takes it for that text, else quoted."""

import re

# What YAML 1.1 or YAML 1.2 reads as something else than text: PyYAML knows the one, Obsidian the other.
_WORDS = frozenset(["", "~", "=", "<<", "null", "true", "false", "yes", "no", "on", "off", "y", "n"])
_NUMBERS = re.compile(r"[-+.]?\d[-+.,:\da-fA-FoOxXtTzZ_ ]*|[-+]?\.(?:inf|nan)", re.IGNORECASE)
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_ESCAPED = re.compile(r"[\\\"]")


def scalar(text: str) -> str:
    """`text`, which has no control characters and no white space at its ends, for a place after a key or a dash."""
    return text if _is_plain(text) else quoted(text)


def quoted(text: str, mark: str = "") -> str:
    """`text` between `mark`s; without one between double quotes, or single ones where that saves escapes."""
    if (mark or ("'" if _ESCAPED.search(text) and "'" not in text else '"')) == "'":
        return "'" + text.replace("'", "''") + "'"
    return '"' + _ESCAPED.sub(r"\\\g<0>", text) + '"'


def _is_plain(text: str) -> bool:
    if text.casefold() in _WORDS or _NUMBERS.fullmatch(text) or text[0] in _INDICATORS or text.startswith("..."):
        return False
    return ": " not in text and " #" not in text and not text.endswith(":")
