"""Words, stems, sentences and language of note text, for Russian and English in one vault."""

import re
import unicodedata
from functools import lru_cache
from threading import Lock

import Stemmer

from vault_sync.notes.note import Span

_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"^[ \t>]*(```|~~~).*?(?:^[ \t>]*\1|\Z)|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_FLEETING = re.compile(r"(?<=[а-я][бвгджзклмнпрстфхцчшщ])[ое](?=[кц]$)")
_ENGLISH = Stemmer.Stemmer("english", 0)
_RUSSIAN = Stemmer.Stemmer("russian", 0)
_STEMMING = Lock()  # a Stemmer keeps its word in a buffer of its own: one thread at a time
_ABBREVIATIONS = frozenset(
    [
        "e.g",
        "i.e",
        "etc",
        "vs",
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "no",
        "vol",
        "fig",
        "cf",
        "al",
        "inc",
        "ltd",
        "approx",
        "т.е",
        "т.к",
        "т.д",
        "т.п",
        "др",
        "пр",
        "гг",
        "см",
        "рис",
        "стр",
        "табл",
        "им",
        "ул",
        "напр",
        "в.т.ч",
        "н.э",
        "тыс",
        "млн",
        "млрд",
        "руб",
    ]
)
# The quantifiers are possessive: a megabyte of dots must not be tried from each of its places.
_BOUNDARY = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'»”)\]]*+(?=\s)"
    r"|\n[ \t]*+\r?\n"
    r"|\n(?=[ \t]*+(?:(?:[-*+]|\d{1,9}[.)]|>)\s|#{1,6}[ \t]|\|))"
    r"|^#{1,6}[ \t][^\r\n]*+",
    re.MULTILINE,
)
_ITEM_NUMBER = re.compile(r"[\n>][ \t]*\d{1,9}$")


def fold(text: str) -> str:
    """Case, `ё` and compatibility forms folded away: what two spellings of one word share."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").replace("ё", "е")


def words(text: str) -> list[str]:
    """The folded words of `text`, in order."""
    return _WORD.findall(fold(text))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The Snowball stem of a folded word, Russian or English by its script.

    Snowball leaves «заметок» and «заметка» apart: the vowel that comes and goes before a last `к` or `ц` is
    dropped here («заметк» for both).
    """
    stemmer = _RUSSIAN if _CYRILLIC.search(word) else _ENGLISH
    with _STEMMING:
        found = str(stemmer.stemWord(word))
    return _FLEETING.sub("", found)


def stems(text: str) -> list[str]:
    """The stems of the words of `text`, in order."""
    return [stem(word) for word in words(text)]


def language_of(text: str) -> str:
    """`ru` where at least 30 % of the letters are Cyrillic, else `en`.

    The share is low because Russian notes on technical matters are full of Latin names. Code counts only where there
    is nothing else.
    """
    if text.isascii():
        return "en"
    prose = _CODE.sub(" ", text) if "`" in text or "~~~" in text else text
    text = prose if _LETTER.search(prose) else text
    letters = len(_LETTER.findall(text))
    return "ru" if letters and len(_CYRILLIC.findall(text)) >= 0.3 * letters else "en"


def sentences(text: str) -> list[Span]:
    """Spans of the sentences of Markdown prose, without white space at their ends.

    A blank line, a list item, a heading and a table row end a sentence as a full stop does.
    """
    cuts = [match.end() for match in _BOUNDARY.finditer(text) if not _abbreviation(text, match)]
    spans = []
    start = 0
    for cut in [*cuts, len(text)]:
        piece = text[start:cut]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right > left:
            spans.append(Span(left, right))
        start = cut
    return spans


def _abbreviation(text: str, match: re.Match[str]) -> bool:
    if match.group()[0] != ".":
        return False
    before = text[max(0, match.start() - 12) : match.start()]
    if _ITEM_NUMBER.search(before if match.start() > 12 else "\n" + before):
        return True
    last = before.split()[-1].casefold().lstrip("(«\"'") if before.split() else ""
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha())
