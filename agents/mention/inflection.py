"""Russian forms of words, by pymorphy3 ([decision 9](../../docs/decisions/0009-mentions.md) says why that one)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import pymorphy3

from vault_sync.text import fold

_DECLINED = frozenset({"NOUN", "ADJF", "PRTF", "NUMR", "NPRO"})
_PROPER = ("Name", "Surn", "Patr", "Geox", "Orgn", "Trad")
_CASES = {"gen2": "gent", "acc2": "accs", "loc2": "loct", "gen1": "gent", "loc1": "loct", "voct": "nomn"}
"""The second genitive, locative and accusative («чаю», «в лесу») count as the first ones."""
_USUAL_FORMS = 0.1
"""A reading rarer than this gives a title's word no further stems."""

_LOADING = Lock()
_loaded: list[pymorphy3.MorphAnalyzer] = []


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a word. `weight` is how usual it is, 0 to 1; `case` is empty for what is not declined."""

    lemma: str
    part: str
    case: str
    number: str
    gender: str
    proper: bool
    weight: float
    known: bool
    """The dictionary has the word; otherwise it is read by its ending."""
    order: bool = False
    """It tells somebody to do something: «не рой яму»."""

    @property
    def declined(self) -> bool:
        """Whether the word changes with its case."""
        return self.part in _DECLINED

    @property
    def noun(self) -> bool:
        """Whether a link may stand on it alone."""
        return self.part == "NOUN"


@lru_cache(maxsize=100_000)
def readings(word: str) -> tuple[Reading, ...]:
    """The readings of a Russian word in lower case, the most usual first. `е` is read as `ё` too."""
    return tuple(map(_reading, _analyzer().parse(word)))


@lru_cache(maxsize=100_000)
def forms(word: str) -> frozenset[str]:
    """The folded forms of a noun or an adjective of this spelling; empty for other words."""
    return frozenset(fold(form) for form in _forms(word))


def _forms(word: str) -> Iterator[str]:
    for parse in _analyzer().parse(word):
        if parse.score >= _USUAL_FORMS and parse.tag.POS in ("NOUN", "ADJF", "PRTF"):
            yield from (form.word for form in parse.lexeme if form.tag.POS == parse.tag.POS and "Supr" not in form.tag)


def _reading(parse: pymorphy3.analyzer.Parse) -> Reading:
    tag = parse.tag
    proper = any(mark in tag for mark in _PROPER)
    # A grammeme of pymorphy3 raises when it is compared with a string that is none.
    part, case, number, gender = (str(each or "") for each in (tag.POS, tag.case, tag.number, tag.gender))
    return Reading(
        fold(parse.normal_form),
        part,
        _CASES.get(case, case),
        number,
        gender,
        proper,
        parse.score,
        parse.is_known,
        tag.mood == "impr",
    )


def _analyzer() -> pymorphy3.MorphAnalyzer:
    """Loaded when the first Russian word is asked for; it is safe to share, as it keeps nothing in mind."""
    if not _loaded:
        with _LOADING:
            if not _loaded:
                _loaded.append(pymorphy3.MorphAnalyzer(lang="ru"))
    return _loaded[0]
