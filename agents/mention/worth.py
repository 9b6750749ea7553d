"""How likely it is that a careful writer would link here: a score from 0 to 1, by weighted evidence."""

import math
from collections.abc import Mapping

from agents.mention.english import is_plural, singulars
from agents.mention.everyday import EVERYDAY, is_everyday
from agents.mention.evidence import Place
from agents.mention.fit import collects, sense_worth
from agents.mention.form import Form
from agents.mention.homonym import doubt
from agents.mention.inflection import readings
from agents.mention.name import Kind, Name
from agents.mention.senses import meanings
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
_ONE_OF_THEM = 1.5
_FEW_LETTERS = 4
_ORDINARY = 2.0
_OF_A_PAGE, _FEW_LINKS = 2.0, 2
_LONGEST_ACRONYM = 6
"""Letters; a longer word in capitals is only said loudly."""
_SHORT = {1: 4.6, 2: 2.2, 3: 1.2}
"""What a single word of so few letters loses."""
_COMMON = 0.06
"""The share of the passages that have a word from which on it counts as common."""
_COMMON_IN_HEADINGS = 0.005
_FEW_PASSAGES = 15
"""A word in fewer passages is not common, however small the vault."""
_SELDOM = 0.03
"""The share of the passages with a text that link it, up to which linking it is no habit."""


_PHRASE = 7.0
_VERBS_BEFORE = "can could will would must should may might cannot not you we they i who let lets also be please"
_VERBS_AFTER = "the a an this these those your its their his her our my it them him us all other another any each every"
_OF_NOUNS = ("tion", "sion", "ment", "ness", "ity", "ism", "ance", "ence", "ship", "logy")
"""How words end that are nouns only, and their plurals hardly ever stand before an article."""
_NOUNS_BEFORE = "a an the with without of for from by in on at into after before via through under over between"
_BEFORE_NOUNS = frozenset(_NOUNS_BEFORE.split())
_BEFORE_VERBS, _AFTER_VERBS = frozenset(_VERBS_BEFORE.split()), frozenset(_VERBS_AFTER.split())


def worth(name: Name, form: Form, place: Place) -> float:
    """The score of one mention. Raises nothing."""
    weight = _KINDS[name.kind] + _MANNERS[form.manner] - (_ONE_OF_THEM if _one_of_them(name, form) else 0.0)
    weight += _rarity(name, place) if len(name.tokens) == 1 else min(1.6, 0.8 * (len(name.tokens) - 1))
    weight += _spelling(name, place) + _homonym(name, place) + _verb(name, place) + sense_worth(name, form, place)
    weight -= _commonness(name, place) + (3.0 if place.label and not place.listed else 0.0)
    weight -= _PHRASE if place.phrase or place.own_name or place.own_phrase else 0.0
    weight -= _longer(name, place) if place.longer else 0.0
    weight -= 1.5 if place.joined else 0.0
    weight += 2.5 if place.spelled_out else 0.0
    weight += 3.0 if place.listed else 0.0
    weight += 2.0 if place.enumerated else 0.0
    weight += 2.5 if place.defines else 0.0
    weight += 2.0 if place.hints and len(name.tokens) == 1 else 0.0
    if form.manner != "derived" or name.kind == "anchor":
        weight += _habit(name, place)  # links to “computer” say nothing of “computing”
    weight -= (3.0 if _vague(name) else 0.0) + (_ORDINARY if _ordinary(name) else 0.0)
    weight -= _OF_A_PAGE if _page(name, form, place) else 0.0
    return round(1 / (1 + math.exp(-weight)), 3)


def _one_of_them(name: Name, form: Form) -> bool:
    """Whether an English word is the singular of what its note is also called: a window is not called “windows”."""
    if len(name.tokens) != 1 or form.manner != "number" or name.kind not in ("alias", "anchor"):
        return False
    return name.tokens[0].latin and is_plural(name.tokens[0].folded)


def _longer(name: Name, place: Place) -> float:
    """What a name loses inside a longer one, and more in its middle: «Internet Protocol», «Super Video CD»."""
    beside = (place.before, place.after)
    middle = all(token is not None and token.capital for token in beside)
    if len(name.tokens) > 1:
        return 3.2 + (2.0 if middle else 0.0)
    after = place.after
    begun = after is not None and after.text.istitle() and not place.words[0].acronym
    return 3.5 + (2.0 if middle or begun else 0.0)


def _rarity(name: Name, place: Place) -> float:
    word = name.tokens[0]
    letters = len(word.text) + len(name.lead) + len(name.trail)
    weight = 0.0
    if name.lead or name.trail:
        weight -= 0.0  # «@After» is no word of everyday
    elif word.folded in STOP_WORDS:
        weight -= 6.0
    elif is_everyday(word.folded, place.words[0].folded):
        weight -= 3.4
    if letters < _FEW_LETTERS:
        weight -= 0.0 if word.acronym else _SHORT[letters]
    return weight


def _vague(name: Name) -> bool:
    """Whether a text that links show has only words of everyday use, and some that name nothing: “other sources”."""
    said = [token.folded for token in name.tokens]
    if name.kind != "anchor" or not STOP_WORDS.intersection(said):
        return False
    return all(word in STOP_WORDS or word in EVERYDAY or word.removesuffix("s") in EVERYDAY for word in said)


def _ordinary(name: Name) -> bool:
    """Whether all words of a phrase are of everyday use: “learning resources”, “data type”."""
    said = [token.folded for token in name.tokens]
    every = [word in STOP_WORDS or word in EVERYDAY or word.removesuffix("s") in EVERYDAY for word in said]
    return len(said) > 1 and all(every)


def _page(name: Name, form: Form, place: Place) -> bool:
    """Whether a title is an everyday plural that few links show: “Guides” is a page of the vault, and a note that does
    not lie beside it means other guides.
    """
    if form.manner != "exact" or not 0 < name.uses <= _FEW_LINKS or place.same_folder or not collects(name):
        return False
    word = name.tokens[0].folded
    return _ordinary(name) or (len(name.tokens) == 1 and is_everyday(word, *singulars(word)))


def _commonness(name: Name, place: Place) -> float:
    """What a name loses for words that many passages have; a heading is a phrase like any other to begin with."""
    common = _COMMON_IN_HEADINGS if name.kind == "heading" else _COMMON
    if place.share <= common or place.share * place.passages < _FEW_PASSAGES:
        return 0.0
    weight = (1.2 if len(name.tokens) == 1 else 0.8) * math.log(place.share / common)
    return weight / 2 if _linked_share(name, place) > _SELDOM else weight


def _spelling(name: Name, place: Place) -> float:
    """Capitals: an acronym in small letters is another word; a capital within a sentence is a name."""
    weight = -5.0 if any(own.acronym for own in name.tokens) and _shouted(place) else 0.0
    for own, found in zip(name.tokens, place.words, strict=True):
        if own.acronym and not _same_capitals(own.text, found.text):
            weight -= 5.0
        elif not own.acronym and 1 < len(own.text) <= _LONGEST_ACRONYM and found.acronym and len(name.tokens) == 1:
            weight -= 1.5
        elif own.text[1:] != own.text[1:].lower() and own.text != found.text:
            weight -= 0.5
    if len(name.tokens) == 1:
        return weight + _capital(name.tokens[0], place)
    shouted = next((i for i, own in enumerate(name.tokens) if own.acronym), 0)
    pairs = list(zip(name.tokens, place.words, strict=True))[:shouted]
    small = any(own.capital and not found.capital for own, found in pairs)
    return weight - (3.5 if small and weight > -5.0 else 0.0)  # “that power BI”, but “CPU cache”


def _shouted(place: Place) -> bool:
    """Whether a word beside it is in capitals and no acronym: “the MORE OPTIONS menu”, “DROP PUBLIC SYNONYM”."""
    beside = [token for token in (place.before, place.after) if token is not None and token.acronym]
    return any(token.folded in STOP_WORDS or meanings(token.folded) > 1 for token in beside)


def _capital(own: Token, place: Place) -> float:
    found = place.words[0]
    if len(own.text) == 1 and own.text != found.text:
        return -5.0
    if own.capital and found.capital and not (place.begins or place.longer or _shouted(place)):
        if place.sense.capitals == "common":
            return -0.5  # the “Trojan army”, where the note is of “a trojan”
        return 3.2 if len(own.text) > 1 else 0.0
    return -_proper(own) if own.capital and not found.capital else 0.0


def _same_capitals(own: str, found: str) -> bool:
    """Whether the capitals are those of the acronym, but for the ending of a plural: «APIs»."""
    return found == own or (found.startswith(own) and found[len(own) :] in ("s", "es")) or own == found.rstrip("s")


def _proper(word: Token) -> float:
    """What a Russian word that is a name loses in small letters: more where that is its usual reading."""
    found = readings(word.text.lower()) if word.cyrillic else ()
    proper = sum(r.weight for r in found if r.proper)
    if not proper:
        return 0.0
    return 3.0 if proper > sum(r.weight for r in found) / 2 else 1.5  # «киль» is as often a keel as a town


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
        or word.folded.endswith(_OF_NOUNS)
    ):
        return 0.0
    before, after = (token.folded if token is not None else "" for token in (place.before, place.after))
    subject = place.before is not None and place.before.latin and before not in STOP_WORDS and not is_plural(before)
    third = word.folded.removesuffix("s") in EVERYDAY and word.folded != name.tokens[0].folded and subject
    if third and after and after not in STOP_WORDS:
        return -2.5  # “adware displays unwanted advertisements”
    if before == "to":
        return -4.0 if word.folded in EVERYDAY else 0.0
    return -4.0 if before in _BEFORE_VERBS or (after in _AFTER_VERBS and before not in _BEFORE_NOUNS) else 0.0


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
