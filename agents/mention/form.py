"""In which form a name stands in a text: as it is, inflected, in the other number, or as another word of its root."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agents.mention.english import number_apart
from agents.mention.inflection import Reading, readings
from agents.mention.tokens import Token

Manner = Literal["exact", "inflected", "number", "derived"]
"""`inflected` is another case, `number` the other number, `derived` a word that shares the root and nothing else."""

RANK: dict[Manner, int] = {"exact": 0, "inflected": 1, "number": 2, "derived": 3}
_CYRILLIC_WORD = re.compile(r"[а-яё]+")
_ADJECTIVES = ("ADJF", "PRTF", "NUMR")


@dataclass(frozen=True, slots=True)
class Form:
    """`certain` is how usual it is, 0 to 1, that the words are read so: «стали» is seldom steel."""

    manner: Manner
    certain: float = 1.0

    @property
    def rank(self) -> int:
        """0 for the form of the name itself, more for what is further from it."""
        return RANK[self.manner]


def form_of(name: Sequence[Token], found: Sequence[Token]) -> Form | None:
    """The form in which the words `found` are the words of `name`, both of one length; None where they are not."""
    same = [one.folded == other.folded for one, other in zip(name, found, strict=True)]
    if any(_russian(t) for t in name):
        return _russian_form(name, found, same)
    if all(same):
        return Form("exact")
    return _english_form(name, found, same)


def _russian(token: Token) -> bool:
    return _CYRILLIC_WORD.fullmatch(token.text.lower()) is not None


def _english_form(name: Sequence[Token], found: Sequence[Token], same: Sequence[bool]) -> Form | None:
    apart = [i for i, equal in enumerate(same) if not equal]
    if any(name[i].text.isdigit() or not (name[i].latin and found[i].latin) for i in apart):
        return None
    if all(number_apart(name[i].folded, found[i].folded) for i in apart):
        head = apart == [len(name) - 1] or (len(apart) == 1 and _before_of(name, apart[0]))
        return Form("number") if head else Form("derived", 0.8)
    return Form("derived") if all(_alike(name[i], found[i]) for i in apart) else None


def _before_of(name: Sequence[Token], index: int) -> bool:
    """Whether the word is the head of «systems of record»."""
    return index + 1 < len(name) and name[index + 1].folded in ("of", "for", "in", "to", "by", "with", "from")


def _alike(one: Token, other: Token) -> bool:
    return one.stem == other.stem or number_apart(one.folded, other.folded)


def _russian_form(name: Sequence[Token], found: Sequence[Token], same: Sequence[bool]) -> Form | None:
    titles = [readings(t.text.lower()) if _russian(t) else () for t in name]
    words = [readings(t.text.lower()) if _russian(t) else () for t in found]
    certain = _certain(titles[0], words[0]) if len(name) == 1 else 1.0
    if all(same):
        return Form("exact", certain)
    head, kept = _head(name, titles), _first_halves(name)
    ways: list[set[tuple[str, str]]] = []
    manner: Manner = "inflected"
    for i, equal in enumerate(same):
        if equal and (i in kept or i >= head or not any(r.declined for r in titles[i])):
            continue
        if not titles[i] or not words[i]:
            if not number_apart(name[i].folded, found[i].folded):
                return None
            continue
        forms = {(r.case, r.number) for r in _shared(titles[i], words[i])}
        if i < head or (ways and _agreed([*ways, forms])):
            ways.append(forms)
        elif _same_case(titles[i], words[i]):
            manner = "number"
        else:
            return None
    agreed = _agreed(ways)
    if ways and not agreed:
        return None
    return Form(manner if _number_kept(titles[:head], agreed) else "number", certain)


def _first_halves(name: Sequence[Token]) -> set[int]:
    """The words in front of a hyphen, which often keep their form: «тайм-менеджменту»."""
    return {i for i, token in enumerate(name[:-1]) if token.hyphened}


def _agreed(ways: Sequence[set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """The cases and numbers that all words have; after «два», an adjective is in the plural and its noun is not."""
    if not ways:
        return set()
    counted = len(ways) > 1 and ("gent", "sing") in ways[-1] and all(("gent", "plur") in each for each in ways[:-1])
    return set.intersection(*ways) or ({("gent", "sing")} if counted else set())


def _head(name: Sequence[Token], titles: Sequence[tuple[Reading, ...]]) -> int:
    """How many words of a title are inflected together: adjectives up to the first noun, and all words of a name."""
    kept = _first_halves(name)
    for i, found in enumerate(titles):
        nominative = [r for r in found if r.case in ("nomn", "accs")]
        if i in kept:
            continue
        if any(r.noun for r in nominative):
            named = any(r.proper for r in nominative)
            while named and i + 1 < len(name) and name[i + 1].capital and _nominative_name(titles[i + 1]):
                i += 1
            return i + 1
        if _is_new(found):
            return i + 1
        if any(r.part == "ADVB" for r in found) and i + 1 < len(titles):
            continue  # «бесконечно малая функция»
        if found and not any(r.part in _ADJECTIVES for r in nominative):
            return i
    return len(titles)


def _is_new(found: Sequence[Reading]) -> bool:
    """Whether no dictionary has a title's word, nor does its ending say what it is."""
    return bool(found) and not any(r.known or r.part for r in found)


def _nominative_name(found: Sequence[Reading]) -> bool:
    return any(r.proper and r.case == "nomn" for r in found)


def _shared(title: Sequence[Reading], found: Sequence[Reading]) -> list[Reading]:
    """The readings of a word that are forms of the same word as the title's."""
    known = {(r.lemma, r.part) for r in title if r.declined and r.case in ("nomn", "accs", "")}
    if _is_new(title):
        known = {(title[0].lemma, "NOUN")}  # the forms of «Транссиб» are read as a noun's, itself it is not
    return [r for r in found if (r.lemma, r.part) in known]


def _same_case(title: Sequence[Reading], found: Sequence[Reading]) -> bool:
    known = {(r.lemma, r.part, r.case) for r in title if r.declined}
    return any((r.lemma, r.part, r.case) in known for r in found)


def _number_kept(titles: Sequence[tuple[Reading, ...]], agreed: set[tuple[str, str]]) -> bool:
    own = {r.number for r in (titles[-1] if titles else ()) if r.case == "nomn"}
    return any(number in own for _, number in agreed) if own else True


def _certain(title: Sequence[Reading], word: Sequence[Reading]) -> float:
    """The share of the readings of a single word that are forms of the title's."""
    known = {(r.lemma, "NOUN" if _is_new(title) else r.part) for r in [r for r in title if r.noun] or title}
    total = sum(r.weight for r in word)
    return sum(r.weight for r in word if (r.lemma, r.part) in known) / total if total else 1.0
