"""Whether a sentence states something, by its verb. Most is known of English, where a verb is known by its form. Pure."""

import re

from agents.quotation.phrase import any_of
from agents.quotation.vocabulary import ADVERBS, AUXILIARIES, BARE_STARTS, COPULAS, OBJECT_STARTS, RUSSIAN_VERBS, VERBS

_COPULA = re.compile(rf"\s{any_of(COPULAS, 'en')}\s|\s[—–-]\s|(?:^|\s){any_of(COPULAS, 'ru')}(?=\s)", re.IGNORECASE)
_VERB = re.compile(rf"\b(?:{any_of(VERBS)}|[a-z]+n't)\b")
_BARE_START = re.compile(
    rf"(?:{any_of(BARE_STARTS)}|[A-Z][a-z]+s\s{any_of(OBJECT_STARTS)}|{any_of(ADVERBS)}\s{any_of(VERBS)})\b"
)
_MERE_NOUN = re.compile(rf"(?:an?|the)\s(?:(?!\b{any_of(AUXILIARIES)}\b)[^.,;])*?\b(?:that|which|who)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"(?P<noun>[^,:;—–]{3,80}), (?:в|на|с|из|по|для|к|о|об|от|за|у|при|через) котор\w+\b(?!.*,)")
_RUSSIAN_VERB = re.compile(rf"\b{any_of(RUSSIAN_VERBS)}\b", re.IGNORECASE)
_ORDER = re.compile(r"[А-ЯЁа-яё]+(?:ть|ти|ться|йте|ите)[\s,]")


def copula(shown: str) -> re.Match[str] | None:
    """The first verb, or dash, after which it may say what something is or does; None where there is none."""
    return _COPULA.search(shown)


def has_verb(shown: str) -> bool:
    """Whether an English sentence states something, by the verbs that do so most."""
    return (_VERB.search(shown) or copula(shown)) is not None


def begins_bare(shown: str) -> bool:
    """Whether an English sentence begins with its verb, so that it does not say what it is about: “Sends a …”."""
    return _BARE_START.match(shown) is not None


def lacks_verb(shown: str) -> bool:
    """Whether an English sentence has no verb, or begins with it."""
    return not has_verb(shown) or begins_bare(shown)


def is_mere_noun(shown: str) -> bool:
    """Whether it names a thing and says by no verb what of it, but by a clause: “A thing that …”, «Моменты, в которых …».

    Where «который» is who does something, the clause says what the thing is for, as a definition would.
    """
    if _MERE_NOUN.match(shown):
        return True
    found = _CLAUSE.match(shown)
    return found is not None and not _RUSSIAN_VERB.search(found["noun"]) and copula(found["noun"]) is None


def gives_order(shown: str) -> bool:
    """Whether it says what is to be done, «Показать, …»: a step, or what a command does that stands before it."""
    return _ORDER.match(shown) is not None
