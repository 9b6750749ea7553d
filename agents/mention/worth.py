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
    "heading": 0.4,
}
_MANNERS = {"exact": 0.0, "inflected": -0.1, "number": -0.3, "derived": -4.5}
_FEW_LETTERS = 4
_SHORT = {1: 4.6, 2: 2.2, 3: 1.2}
"""What a single word of so few letters loses."""
_COMMON = 0.06
"""The share of the passages that have a word from which on it counts as common."""
_COMMON_IN_HEADINGS = 0.005
_FEW_PASSAGES = 15
"""A word in fewer passages is not common, however small the vault."""
_SELDOM = 0.03
"""The share of the passages with a text that link it, up to which linking it is no habit."""


_VERBS_BEFORE = "can could will would must should may might cannot not you we they i who let lets also be please"
_VERBS_AFTER = "the a an this these those your its their his her our my it them him us all other another any each every"
_BEFORE_VERBS, _AFTER_VERBS = frozenset(_VERBS_BEFORE.split()), frozenset(_VERBS_AFTER.split())


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
    label: bool = False
    """They are the label of a line: «Template: …»."""
    share: float = 0.0
    """The share of the vault's passages that have the rarest of the words; 0 where nobody knows."""
    passages: int = 0
    spelled_out: bool = False
    """The note says what the initials stand for."""


def worth(name: Name, form: Form, place: Place) -> float:
    """The score of one mention. Raises nothing."""
    weight = _KINDS[name.kind] + _MANNERS[form.manner]
    weight += _rarity(name, place) if len(name.tokens) == 1 else min(1.6, 0.8 * (len(name.tokens) - 1))
    weight += _spelling(name, place) + _homonym(name, place) + _verb(name, place)
    weight -= _commonness(name, place) + (3.0 if place.label else 0.0)
    weight -= (3.0 if _shouted(name, place) else 1.5) if place.longer else 0.0
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
    return weight


def _commonness(name: Name, place: Place) -> float:
    """What a name loses for words that many passages have; a heading is a phrase like any other to begin with."""
    common = _COMMON_IN_HEADINGS if name.kind == "heading" else _COMMON
    if place.share <= common or place.share * place.passages < _FEW_PASSAGES:
        return 0.0
    weight = (1.2 if len(name.tokens) == 1 else 0.8) * math.log(place.share / common)
    return weight / 2 if _linked_share(name, place) > _SELDOM else weight


def _spelling(name: Name, place: Place) -> float:
    """Capitals: an acronym in small letters is another word; a capital within a sentence is a name."""
    weight = 0.0
    for own, found in zip(name.tokens, place.words, strict=True):
        if own.acronym and not _same_capitals(own.text, found.text):
            weight -= 5.0
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
        return 3.2 if len(own.text) > 1 else 0.0
    return -3.0 if own.capital and not found.capital and _proper(own) else 0.0


def _shouted(name: Name, place: Place) -> bool:
    """Whether a word in capitals stands in a line of such words, as statements of SQL do."""
    word, beside = place.words[0], [token for token in (place.before, place.after) if token is not None]
    loud = any(token.acronym and token.cyrillic == word.cyrillic for token in beside)
    return len(name.tokens) == 1 and word.acronym and loud


def _same_capitals(own: str, found: str) -> bool:
    """Whether the capitals are those of the acronym, but for the ending of a plural: «APIs»."""
    return found == own or (found.startswith(own) and found[len(own) :] in ("s", "es")) or own == found.rstrip("s")


def _proper(word: Token) -> bool:
    """Whether a Russian word is a name in its usual reading."""
    found = readings(word.text.lower()) if word.cyrillic else ()
    return bool(found) and found[0].proper


def _homonym(name: Name, place: Place) -> float:
    """A single word that is usually another part of speech, or that is no noun at all, needs more than itself."""
    if len(name.tokens) != 1 or not name.tokens[0].cyrillic or name.tokens[0].acronym:
        return 0.0
    found = readings(name.tokens[0].text.lower())
    weight = -2.5 if found and found[0].known and not any(r.noun for r in found[:3]) else 0.0
    return weight - 5.0 * doubt(name.tokens[0], place.words[0], place.before, place.after)


def _verb(name: Name, place: Place) -> float:
    """A single English word in small letters is a verb after «to» and «can», and before an article."""
    word = place.words[0]
    if (
        len(name.tokens) != 1
        or not word.latin
        or not word.text.islower()
        or name.tokens[0].text[1:].lower() != name.tokens[0].text[1:]
    ):
        return 0.0
    before, after = (token.folded if token is not None else "" for token in (place.before, place.after))
    if before == "to":
        return -4.0 if word.folded in EVERYDAY else 0.0
    return -4.0 if before in _BEFORE_VERBS or after in _AFTER_VERBS else 0.0


def _habit(name: Name, place: Place) -> float:
    """How often the vault links this text, of the passages that say it: what its writer finds worth a link."""
    if not name.uses:
        return 0.0
    weight, share = min(1.5, 0.5 + 0.4 * math.log2(1 + name.uses)), _linked_share(name, place)
    return weight if share < 0 else (weight if share > _SELDOM else 0.3 * weight) + 3.0 * share


def _linked_share(name: Name, place: Place) -> float:
    """The share of the passages with a text that link it; negative where nobody knows."""
    if not (place.passages and place.share):
        return -1.0
    return min(1.0, name.uses / (place.share * place.passages))
