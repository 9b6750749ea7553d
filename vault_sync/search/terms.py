"""The words of a text as the lexical lane counts them. Pure.

A compound is counted by its parts and as a whole, whichever way it is written: `getMaxBatchSize`, `max_batch_size`,
`HTTPServer2`, `e-mail`, `os.path`, `2024-05-01`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from vault_sync.search.sound import sound
from vault_sync.text import fold, stem

LONGEST_WHOLE = 60
"""Code points of a compound that is counted as a whole, too."""

_RUN = re.compile(r"[^\W_]+(?:(?:['’\-.]|_+)[^\W_]+)*")
_JOINT = re.compile(
    r"[\-._]+"
    r"|(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])"
    r"|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])"
    r"|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)
_CYRILLIC = re.compile(r"[а-я]")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
_PLAIN = str.maketrans("ØøŁłĐđ", "OoLlDd")
"""Latin letters that no accent can be taken from."""
_FROM_LATIN, _FROM_CYRILLIC = "≈", "≋"
"""What a key of a sound begins with: no word does."""


def tokens(text: str) -> list[str]:
    """Folded words, compounds in parts and then as a whole, with one form of apostrophe."""
    return list(chain.from_iterable(map(_tokens, _RUN.findall(_readable(text)))))


def roots(text: str) -> list[str]:
    """The stems of the tokens, in order."""
    return list(map(stem, tokens(text)))


def last_word(text: str) -> str:
    """The word that may still be being typed: the folded letters at the very end of the text, else empty."""
    runs = list(_RUN.finditer(_readable(text)))
    return _tokens(runs[-1].group())[-1] if runs and runs[-1].end() == len(runs[-1].string) else ""


def sounds(written: Iterable[str]) -> list[str]:
    """The different keys of these tokens, each marked with the script that it was written in, in order."""
    return list(dict.fromkeys(chain.from_iterable(map(_sounds, dict.fromkeys(written)))))


def sought_sounds(token: str) -> tuple[str, ...]:
    """The keys under which the other script has this token."""
    other = _FROM_LATIN if _CYRILLIC.search(token) else _FROM_CYRILLIC
    return tuple(other + key[1:] for key in _sounds(token))


def _readable(text: str) -> str:
    """Latin letters without their accents, which are seldom typed; `й` is a letter of its own."""
    return text if text.isascii() else _ACCENTED.sub(_plain, unicodedata.normalize("NFKC", text))


def _plain(match: re.Match[str]) -> str:
    base = unicodedata.normalize("NFD", match.group())[0]
    return base if base.isascii() else base.translate(_PLAIN)


@lru_cache(maxsize=200_000)
def _tokens(run: str) -> tuple[str, ...]:
    if run.isalpha() and run[1:].islower():  # most words: no joint can be in them
        return (fold(run),)
    parts = [fold(part).replace("’", "'") for part in _JOINT.split(run) if part]
    if len(parts) < 2:
        return tuple(parts)
    whole = ".".join(parts) if all(part.isdigit() for part in parts) else "".join(parts)
    return (*parts, whole) if len(whole) <= LONGEST_WHOLE else tuple(parts)


@lru_cache(maxsize=200_000)
def _sounds(token: str) -> tuple[str, ...]:
    """Of a Russian word also without its ending; the stemmer takes more than that from some names («обсидиан»)."""
    russian = _CYRILLIC.search(token) is not None
    forms = (token, stem(token)) if russian else (token.removesuffix("'s"),)
    mark = _FROM_CYRILLIC if russian else _FROM_LATIN
    return tuple(mark + key for key in dict.fromkeys(map(sound, forms)) if key)
