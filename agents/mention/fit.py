"""What it is worth to a mention how well the note fits what is said around. Pure."""

from agents.mention.english import is_plural, singulars
from agents.mention.everyday import is_everyday
from agents.mention.evidence import Place
from agents.mention.form import Form
from agents.mention.inflection import readings
from agents.mention.name import Name
from agents.mention.sense import Sense
from agents.mention.senses import meanings, meanings_of_noun
from agents.mention.tokens import Token
from agents.mention.usage import OFTEN, SELDOM, usage

_TRUSTED = 0.5
"""Links with a word after which its sense is as much known as in doubt."""
_NEAREST, _FARTHEST = 4.0, -0.5
_DOUBT_LATIN, _DOUBT, _MEANINGS = 2.1, 1.7, 4.2
"""What a word that nobody linked has to make up for, and how much more one that means many things."""
_NEAR = 1.0
"""What each standard deviation of nearness is worth to a word that means many things; it tells little of others."""
_SAID, _MOST_SAID = 5.7, 0.15
"""What shared words are worth, and from which cosine on."""
_MOST_MEANINGS = 7
_KNOWN_SAID = 0.25
_TELLING = 240
"""Code points from which on a passage says what it is about."""
_LIKELY, _PROPER = 1.2, 3.0
"""What a proper name loses in small letters."""
_UNTOLD = 6.0
_COLLECTION, _LIST_OF_MEANINGS = 4.0, 5.0
_DETERMINING = """
a an the this that these those my your his her its our their whose which some any no each every both all few many several
most another one two three four five six seven eight nine ten eleven twelve
"""
_DETERMINERS = frozenset(_DETERMINING.split())


def sense_worth(name: Name, form: Form, place: Place) -> float:
    """What the note's sense is worth here. The oftener the vault links the word, the less that is in doubt."""
    if not place.sense.known:
        return 0.0
    listing = _LIST_OF_MEANINGS if place.sense.apart and not name.uses else 0.0
    if len(name.tokens) > 1:
        return _phrase_fit(name, place) - listing
    trust = name.uses / (name.uses + _TRUSTED)
    fit = _fit(name, form, place)
    fit = min(0.0, fit) if name.kind in ("short", "initials") else fit  # nobody called the note so
    weight = (1 - trust) * fit + trust * _known_fit(place.sense)
    return weight - _improper(name, place) - listing - _untold(name, form, place)


def _untold(name: Name, form: Form, place: Place) -> float:
    """What a word of many meanings loses whose note has no text yet: few links do not say which of them is meant."""
    if place.sense.told or not name.uses:
        return 0.0
    return _UNTOLD * _many(form, place) * min(1.0, 2 / (1 + name.uses))


def _fit(name: Name, form: Form, place: Place) -> float:
    """What it is worth of a word that nobody linked: the more it may mean, the more the passage has to speak of the note."""
    sense = place.sense
    if sense.nearness is None:
        return 3 * min(_KNOWN_SAID, sense.words) - (_COLLECTION if not name.uses and collects(name) else 0.0)
    near = min(_NEAREST, max(_FARTHEST, sense.nearness))
    many = _many(form, place)
    weight = (
        _SAID * min(1.0, sense.words / _MOST_SAID)
        - (_DOUBT_LATIN if place.words[0].latin else _DOUBT)
        - many * (_MEANINGS - _NEAR * near)
    )
    if not name.uses and collects(name):
        return weight
    weight += 1.4 if form.manner == "number" else 0.0
    return weight + (3.0 if is_everyday(name.tokens[0].folded, place.words[0].folded) else 0.0)


def _many(form: Form, place: Place) -> float:
    """How many things a word may mean, 0 to 1: of an English one a dictionary tells that, of a Russian one how usual it is.

    Acronyms mean one thing, and so do Latin words among Russian ones.
    """
    word = place.words[0]
    if word.acronym or not word.text.isalpha():
        return 0.0
    if not word.latin:
        return (usage(word.text.lower()) - SELDOM) / (OFTEN - SELDOM)
    if any(token is not None and token.cyrillic for token in (place.before, place.after)):
        return 0.0
    known = meanings_of_noun(word.folded) if _is_noun(form, word, place.before) else meanings(word.folded)
    return (known - 1) / (_MOST_MEANINGS - 1)


def _is_noun(form: Form, word: Token, before: Token | None) -> bool:
    """Whether an English word can be no verb: it is a plural, or stands behind an article or a number."""
    return (form.manner == "number" and is_plural(word.folded)) or (
        before is not None and (before.folded in _DETERMINERS or before.text.isdigit())
    )


def collects(name: Name) -> bool:
    """Whether a title is a plural: “Recipes” is where recipes are kept, and whoever speaks of recipes does not mean it."""
    word = name.tokens[-1]
    if name.kind != "title" or word.acronym or (word.cyrillic and len(name.tokens) > 1):
        return False
    if not word.cyrillic:
        return is_plural(word.folded) and any(one != word.folded for one in singulars(word.folded))
    found = [r for r in readings(word.text.lower()) if r.known and r.case == "nomn"]
    return bool(found) and all(r.number == "plur" and r.lemma != word.folded for r in found)


def _phrase_fit(name: Name, place: Place) -> float:
    """What it is worth of several words: they mean one thing, but a passage far from the note does not mean the note.

    A name that somebody gave the note says more than what follows from one, and a short passage is near to nothing.
    """
    sense = place.sense
    if sense.nearness is None:
        return 0.0
    far = max(-4.0, min(0.0, 4 * (sense.nearness - 0.5)))
    if name.kind in ("title", "alias"):
        far *= min(1.0, sense.length / _TELLING)
    return far / 2 if name.uses else far


def _known_fit(sense: Sense) -> float:
    """What it is worth of a word that the vault links."""
    said = min(_KNOWN_SAID, sense.words)
    return said if sense.nearness is None else said + max(-1.0, min(0.5, 0.5 * sense.nearness - 0.5))


def _improper(name: Name, place: Place) -> float:
    """What a proper name loses in small letters: in safaris nobody browses."""
    if place.words[0].capital:
        return 0.0
    return {"likely": _LIKELY, "proper": _PROPER}.get(place.sense.capitals, 0.0) / (2 if name.uses > 1 else 1)
