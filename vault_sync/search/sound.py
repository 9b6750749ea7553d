"""What a name sounds like, the same for Cyrillic and Latin letters: «докер» is docker, «Мэннинг» is Manning. Pure.

Consonants say which name it is; vowels are spelt too differently in the two scripts and are dropped, but for a mark
of one at the beginning. The key is for finding what is written in the other script: within one script it is far too
coarse.
"""

import re
from functools import lru_cache

LEAST = 2
"""Consonants that a key needs: fewer say nothing."""

_VOWEL = "a"
_LETTERS = dict(zip("bcdfghjklmnpqrstvwz", "bkdfghgklmnpkrstvvs", strict=True))
_LETTERS |= dict(zip("бвгджзклмнпрстфхцчшщъь", [*"bvgdgsklmnprstfhsxxx", "", ""], strict=True))
_LETTERS |= {"sch": "x", "tch": "x", "sh": "x", "ch": "x", "ph": "f", "th": "t", "ck": "k", "kh": "h", "zh": "g"}
_LETTERS |= {"qu": "kv", "x": "ks", "ts": "s", "tz": "s", "gh": "g", "rh": "r", "wh": "v", "dg": "g"}
_LETTERS |= {"дж": "g", "тс": "s", "дз": "s"}
_SOFT_C, _SHORT_U = "ç", "ў"
"""What stands for a `c` and an `у` that sound otherwise, because of the vowel that follows."""
_LETTERS |= {_SOFT_C: "s", _SHORT_U: "v"}

_BEFORE_E = re.compile(r"c(?=[eiy])")
_BEFORE_VOWEL = re.compile(r"у(?=[аеиоуэюя])")
_SPELT = re.compile(r"sch|tch|sh|ch|ph|th|ck|kh|zh|qu|ts|tz|gh|rh|wh|dg|дж|тс|дз|[a-zа-яçў]")
_UNKNOWN = re.compile(r"[^a-zа-я]")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=200_000)
def sound(word: str) -> str:
    """The key of a folded word; empty where it has too few consonants, or anything but letters of the two scripts."""
    if _UNKNOWN.search(word):
        return ""
    word = _BEFORE_VOWEL.sub(_SHORT_U, _BEFORE_E.sub(_SOFT_C, word))
    key = "".join([_LETTERS.get(part, _VOWEL) for part in _SPELT.findall(word)])
    consonants = key.replace(_VOWEL, "")
    # Russian leaves a Latin `h` out within a word, or writes it as `г` or `х`.
    consonants = _TWICE.sub(r"\1", consonants[:1] + consonants[1:].replace("h", ""))
    return key[: key.startswith(_VOWEL)] + consonants if len(consonants) >= LEAST else ""
