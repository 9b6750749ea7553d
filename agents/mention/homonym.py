"""Whether a Russian word that may be a noun is one, by the words beside it: «из стали» and «люди стали»."""

from collections.abc import Sequence

from agents.inflection import Reading, readings
from agents.mention.tokens import Token

_OTHER_PARTS = frozenset({"VERB", "INFN", "GRND", "PRED", "ADVB", "PREP", "CONJ", "PRCL", "NPRO", "COMP", "NUMR"})
_QUANTITIES = frozenset({"множество", "ряд", "масса", "куча", "часть", "пара", "группа", "набор", "серия", "поток"})
_FINITE = frozenset({"VERB", "PRED"})
_ADJECTIVES = frozenset({"ADJF", "PRTF"})


def doubt(title: Token, word: Token, before: Token | None, after: Token | None) -> float:
    """How likely it is that `word` is no form of the noun `title`, 0 to 1. `before` and `after` stand right beside it."""
    if not (title.cyrillic and word.cyrillic):
        return 0.0
    found = readings(word.text.lower())
    known = {(r.lemma, r.part) for r in readings(title.text.lower()) if r.noun}
    ours = [r for r in found if (r.lemma, r.part) in known]
    if not ours or not found[0].known:
        return 0.0
    right = readings(after.text.lower()) if after is not None and after.cyrillic else ()
    if ours[0].lemma in _QUANTITIES and any(r.case == "gent" and r.number == "plur" for r in right[:1]):
        return 1.0  # «множество ошибок» is no set
    rivals = [r for r in found if r.part in _OTHER_PARTS]
    others = [r for r in found if r.noun and (r.lemma, r.part) not in known]
    if not rivals:
        return 0.6 if others and sum(r.weight for r in others) > sum(r.weight for r in ours) else 0.0
    left = readings(before.text.lower()) if before is not None and before.cyrillic else ()
    if right and right[0].part == "INFN" and any(r.part == "VERB" for r in rivals):
        return 1.0  # «рабочие стали разбирать»
    if _governed(left, ours, rivals) or _subject(ours, before, right):
        return 0.0
    rare = sum(r.weight for r in rivals) < 0.05
    return 0.7 if rare and not _adverb(left) else 1.0


def _governed(left: Sequence[Reading], ours: Sequence[Reading], rivals: Sequence[Reading]) -> bool:
    """Whether the word before asks for a noun: a preposition, an adjective that agrees, a noun with a genitive."""
    if not left:
        return False
    if left[0].part == "PREP":
        return True
    cases = {(r.case, r.number) for r in ours}
    if any((r.case, r.number) in cases for r in left if r.part in _ADJECTIVES):
        return True
    genitive = any(r.case == "gent" for r in ours)
    return genitive and left[0].noun and not any(_agree(one, verb) for one in left for verb in rivals)


def _agree(noun: Reading, verb: Reading) -> bool:
    """Whether the noun may be the subject of the verb."""
    if not noun.noun or noun.case != "nomn" or verb.part not in _FINITE:
        return False
    return noun.number == verb.number and (not verb.gender or verb.gender == noun.gender)


def _subject(ours: Sequence[Reading], before: Token | None, right: Sequence[Reading]) -> bool:
    """Whether the word begins a sentence and a verb follows that has it as its subject."""
    verbs = [r for r in right if r.part == "VERB"]
    return before is None and bool(verbs) and verbs[0] is right[0] and any(_agree(o, verbs[0]) for o in ours)


def _adverb(left: Sequence[Reading]) -> bool:
    return bool(left) and left[0].part in ("ADVB", "NPRO", "PRCL")
