"""English forms of words: plurals, as far as they are spelled by rule, and the few of technical prose that are not."""

from collections.abc import Iterator

_IRREGULAR = {
    "index": ("indices", "indexes"),
    "vertex": ("vertices",),
    "matrix": ("matrices",),
    "appendix": ("appendices",),
    "analysis": ("analyses",),
    "basis": ("bases",),
    "crisis": ("crises",),
    "hypothesis": ("hypotheses",),
    "thesis": ("theses",),
    "synthesis": ("syntheses",),
    "axis": ("axes",),
    "criterion": ("criteria",),
    "phenomenon": ("phenomena",),
    "schema": ("schemata", "schemas"),
    "formula": ("formulae", "formulas"),
    "child": ("children",),
    "person": ("people", "persons"),
    "man": ("men",),
    "woman": ("women",),
    "mouse": ("mice",),
    "foot": ("feet",),
    "tooth": ("teeth",),
    "bacterium": ("bacteria",),
    "mitochondrion": ("mitochondria",),
    "nucleus": ("nuclei",),
    "radius": ("radii",),
    "stimulus": ("stimuli",),
    "fungus": ("fungi",),
    "larva": ("larvae",),
    "goose": ("geese",),
    "ox": ("oxen",),
    "quiz": ("quizzes",),
}
_SINGULAR = {plural: one for one, plurals in _IRREGULAR.items() for plural in plurals}
_LEARNED = {"sis": "ses", "bra": "brae", "lva": "lvae", "nna": "nnae"}
"""Greek and Latin endings of words that everybody uses: diagnoses, vertebrae, antennae."""
_HISSING = ("s", "x", "z", "ch", "sh", "o")
_NO_PLURAL = ("ss", "us", "is", "ness", "ics")


def plurals(word: str) -> Iterator[str]:
    """How the plural of a folded word may be written."""
    yield from _IRREGULAR.get(word, ())
    if len(word) < 2 or word in _SINGULAR:
        return
    if len(word) > 4 and (ending := word[-3:]) in _LEARNED:
        yield word[:-3] + _LEARNED[ending]
    if len(word) > 4 and word.endswith("us"):
        yield word[:-2] + "i"
    if word.endswith("y") and word[-2] not in "aeiou":
        yield word[:-1] + "ies"
        return
    if word.endswith(("lf", "af")):
        yield word[:-1] + "ves"
    elif word.endswith("fe"):
        yield word[:-2] + "ves"
    if word.endswith(_HISSING):
        yield word + "es"
    if not word.endswith(("s", "x", "z", "ch", "sh")):
        yield word + "s"


def singulars(word: str) -> Iterator[str]:
    """Words whose plural a folded word may be."""
    if word in _SINGULAR:
        yield _SINGULAR[word]
    elif is_plural(word):
        yield word[:-1]
        if word.endswith("ies"):
            yield word[:-3] + "y"
        elif word.endswith("es"):
            yield word[:-2]


def number_apart(one: str, other: str) -> bool:
    """Whether one of two folded words is the plural of the other."""
    return other in plurals(one) or one in plurals(other)


def is_plural(word: str) -> bool:
    """Whether a folded word looks like a plural."""
    return word in _SINGULAR or (len(word) > 3 and word.endswith("s") and not word.endswith(_NO_PLURAL))


def odd_forms(word: str) -> tuple[str, ...]:
    """Forms of a folded word that no stemmer brings together with it."""
    return (*plurals(word), *((_SINGULAR[word],) if word in _SINGULAR else ()))
