"""How likely it is that a careful writer would link here: a score from 0 to 1, by weighted evidence."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agents.inflection import readings
from agents.mention.everyday import EVERYDAY
from agents.mention.form import Form
from agents.mention.homonym import doubt
from agents.mention.name import Kind, Name
from agents.mention.tokens import Token
from agents.stopwords import STOP_WORDS

_KINDS: Mapping[Kind, float] = {
    "title": 3.0,
    "alias": 2.8,
    "anchor": 1.6,
    "short": 1.4,
    "initials": 1.2,
    "heading": 1.0,
}
_MANNERS = {"exact": 0.0, "inflected": -0.1, "number": -0.3, "derived": -3.2}
_FEW_LETTERS = 4
_SHORT = {1: 4.6, 2: 2.2, 3: 1.2}
"""What a single word of so few letters loses."""
_COMMON = 0.02
"""The share of the passages that have a word from which on it counts as common."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name was found: its words, and the ones right beside it, nothing but a blank between.

    `begins` says that a sentence begins there, so that a capital says nothing; `longer` that a capital word beside it
    looks like a part of the same name; `hints` that a word beside it says what it is («язык C»).
    """

    words: tuple[Token, ...]
    before: Token | None = None
    after: Token | None = None
    begins: bool = False
    longer: bool = False
    joined: bool = False
    hints: bool = False
    share: float = 0.0
    """The share of the vault's passages that have the word; 0 where nobody knows."""
    passages: int = 0
    spelled_out: bool = False
    """The note says what the initials stand for."""


def worth(name: Name, form: Form, place: Place) -> float:
    """The score of one mention. Raises nothing."""
    weight = _KINDS[name.kind] + _MANNERS[form.manner]
    weight += _rarity(name, place) if len(name.tokens) == 1 else min(1.6, 0.8 * (len(name.tokens) - 1))
    weight += _spelling(name, place) + _homonym(name, place)
    weight -= 1.5 if place.longer else 0.0
    weight -= 1.5 if place.joined else 0.0
    weight += 2.5 if place.spelled_out else 0.0
    weight += 2.0 if place.hints and len(name.tokens) == 1 else 0.0
    weight += _habit(name, place)
    return round(1 / (1 + math.exp(-weight)), 3)


def _rarity(name: Name, place: Place) -> float:
    word = name.tokens[0]
    letters = len(word.text) + len(name.lead) + len(name.trail)
    weight = 0.0
    if word.folded in STOP_WORDS:
        weight -= 6.0
    elif word.folded in EVERYDAY or place.words[0].folded in EVERYDAY:
        weight -= 3.4
    if letters < _FEW_LETTERS:
        weight -= 0.0 if word.acronym else _SHORT[letters]
    if place.share > _COMMON:
        weight -= 1.2 * math.log(place.share / _COMMON)
    return weight


def _spelling(name: Name, place: Place) -> float:
    """Capitals: an acronym in small letters is another word; a capital within a sentence is a name."""
    weight = 0.0
    for own, found in zip(name.tokens, place.words, strict=True):
        if own.acronym and not _same_capitals(own.text, found.text):
            weight -= 4.0 if len(own.text) < _FEW_LETTERS else 2.5
        elif not own.acronym and len(own.text) > 1 and found.acronym and len(name.tokens) == 1:
            weight -= 1.5
        elif own.text[1:] != own.text[1:].lower() and own.text != found.text:
            weight -= 0.5
    return weight + (_capital(name.tokens[0], place) if len(name.tokens) == 1 else 0.0)


def _capital(own: Token, place: Place) -> float:
    found = place.words[0]
    if len(own.text) == 1 and own.text != found.text:
        return -5.0
    if own.capital and found.capital and not place.begins and not place.longer:
        return 3.0 if len(own.text) > 1 else 0.0
    return -3.0 if own.capital and not found.capital and _proper(own) else 0.0


def _same_capitals(own: str, found: str) -> bool:
    """Whether the capitals are those of the acronym, but for the ending of a plural: «APIs»."""
    return found == own or (found.startswith(own) and found[len(own) :] in ("s", "es")) or own == found.rstrip("s")


def _proper(word: Token) -> bool:
    """Whether a Russian word is a name in its usual reading."""
    found = readings(word.text.lower()) if word.cyrillic else ()
    return bool(found) and found[0].proper


def _homonym(name: Name, place: Place) -> float:
    """A single word that is usually another part of speech, or that is no noun at all, needs more than itself."""
    if len(name.tokens) != 1 or not name.tokens[0].cyrillic:
        return 0.0
    found = readings(name.tokens[0].text.lower())
    weight = 0.0 if not found or any(r.noun for r in found[:3]) else -2.5
    return weight - 5.0 * doubt(name.tokens[0], place.words[0], place.before, place.after)


def _habit(name: Name, place: Place) -> float:
    """How often the vault links this text, of the notes that say it: what its writer finds worth a link."""
    if not name.uses:
        return 0.0
    weight = min(1.5, 0.5 + 0.4 * math.log2(1 + name.uses))
    if place.passages and place.share:
        share = min(1.0, name.uses / max(1.0, place.share * place.passages))
        weight += 3.0 * share
    return weight
