"""Whether a Russian word that may be a noun is one, by the words beside it: «из стали» and «люди стали»."""

from collections.abc import Sequence

from agents.mention.inflection import Reading, readings
from agents.mention.tokens import Token

_OTHER_PARTS = frozenset({"VERB", "INFN", "GRND", "PRED", "ADVB", "PREP", "CONJ", "PRCL", "NPRO", "COMP", "NUMR"})
_QUANTITIES = frozenset({"множество", "ряд", "масса", "куча", "часть", "пара", "группа", "набор", "серия", "поток"})
_INTRODUCING = """
стать начать начинать продолжать продолжить перестать бросить кончить закончить мочь смочь
уметь суметь успеть успевать хотеть захотеть решить решать пытаться попытаться пробовать попробовать стараться
собираться собраться готовиться учиться научиться учить научить любить полюбить привыкнуть помогать помочь мешать
помешать дать давать велеть просить попросить советовать посоветовать позволить позволять разрешить запретить
прийтись приходиться предстоять следовать остаться оставаться удаться удаваться пойти идти поехать ехать прийти
приехать сесть лечь отправиться быть бояться забыть забывать требовать надеяться обещать пообещать предложить
"""
_BEFORE_INFINITIVES = frozenset(_INTRODUCING.split())
"""Verbs that an infinitive follows: «начала течь», but «нашёл течь»."""
_FINITE = frozenset({"VERB", "PRED"})
_ADJECTIVES = frozenset({"ADJF", "PRTF", "ADJS", "PRTS"})


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
    counted = any(r.case == "gent" and r.number == "plur" for r in right[:1]) or (after is not None and after.latin)
    if ours[0].lemma in _QUANTITIES and counted:
        return 1.0  # «множество ошибок», «множество Advice» is no set
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
    if left[0].part == "VERB" and any(r.case == "accs" for r in ours) and _follows(left[0], rivals):
        return True
    cases = {(r.case, r.number) for r in ours}
    if any((r.case or "nomn", r.number) in cases for r in left if r.part in _ADJECTIVES):
        return True  # a short form has no case: «виден мел»
    genitive = any(r.case == "gent" for r in ours)
    return genitive and left[0].noun and not any(_agree(one, verb) for one in left for verb in rivals)


def _follows(verb: Reading, rivals: Sequence[Reading]) -> bool:
    """Whether no other part of speech may follow the verb: two finite verbs do not stand side by side."""
    if any(r.part not in ("VERB", "INFN") for r in rivals):
        return False
    return verb.lemma not in _BEFORE_INFINITIVES or all(r.part == "VERB" for r in rivals)


def _agree(noun: Reading, verb: Reading) -> bool:
    """Whether the noun may be the subject of the verb."""
    if not noun.noun or noun.case != "nomn" or verb.part not in _FINITE or verb.order:
        return False
    return noun.number == verb.number and (not verb.gender or verb.gender == noun.gender)


def _subject(ours: Sequence[Reading], before: Token | None, right: Sequence[Reading]) -> bool:
    """Whether the word begins a sentence and a verb follows that has it as its subject."""
    verbs = [r for r in right if r.part == "VERB"]
    return before is None and bool(verbs) and verbs[0] is right[0] and any(_agree(o, verbs[0]) for o in ours)


def _adverb(left: Sequence[Reading]) -> bool:
    return bool(left) and left[0].part in ("ADVB", "NPRO", "PRCL")
