"""Whether a sentence says the kind of thing that a prompt asks for, and whether it may stand in another place. Pure.

That a sentence is near the question and the title by its vector and its words is not enough: what a thing *is* stands near
every question about it. So it is also looked at how it is said: what answers “Which mistakes …?” speaks of errors, of what is
not allowed or goes wrong. Where a prompt asks for none of the kinds below, nothing of this is asked of a sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.codelike import code_like
from agents.reasons.evidence import COPULA
from agents.reasons.pointers import says_nothing
from agents.sentences import Sentence, content_stems
from vault_sync.text import language_of, stems, words


def _any(*words_of: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{each})" for each in words_of), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: by what words a prompt asks for it, and by what words a sentence says it."""

    name: str
    asks: re.Pattern[str]
    says: re.Pattern[str]


KINDS = (
    Kind(
        "trouble",
        _any(
            r"mistakes?|errors?\b|pitfalls?|problems?\b|limits?\b|limitations?|risks?\b|dangers?|wrong|careful|avoid",
            r"ошиб\w+|проблем\w+|ограничени\w+|риск\w*|опасн\w+|осторожн\w+|избега\w+|исключени\w+",
        ),
        _any(
            r"mistakes?|errors?\b|pitfalls?|problem\w*|limit(?:s|ed|ation\w*)?\b|risk\w*|danger\w*"
            r"|wrong\w*|careful\w*|avoid\w*"
            r"|fail\w*|caution|beware|never\b|cannot\b|can['’]?t\b|don['’]?t\b|(?:must|should|do|does"
            r"|will) not\b|crash\w*|corrupt\w*"
            r"|lost\b|los(?:e|es|s|ing)\b|vulnerab\w*|insecure|exceptions?\b|unless\b|otherwise\b|bugs?\b",
            r"ошиб\w+|проблем\w+|огранич\w+|риск\w*|опасн\w+|осторожн\w+|избе[гж]\w+|исключени\w+|нельзя"
            r"|невозможно|не\s+(?:может|могут"
            r"|следует|стоит|рекоменду\w+|нужно|надо|получится|должн\w+)|иначе\b|никогда|теря\w+|потер\w+"
            r"|уязвим\w+|ловушк\w+|выбросит",
        ),
    ),
    Kind(
        "worth",
        _any(
            r"advantages?|drawbacks?|disadvantages?|benefits?|pros\b|cons\b|strengths?|weakness\w*|better"
            r"|worse|trade-?offs?",
            r"преимуществ\w+|недостат\w+|плюс\w*|минус\w*|достоинств\w+|выгод\w+|лучше|хуже",
        ),
        _any(
            r"advantage\w*|drawback\w*|disadvantage\w*|benefit\w*|strength\w*|weakness\w*|better|worse"
            r"|faster|slower|cheaper|easier"
            r"|harder|safer|simpler|more\s+\w+|less\s+\w+|however\b|quick\w*|slow\w*|fast\b|cheap\w*"
            r"|expensive|costs?\b|efficien\w*"
            r"|inefficien\w*|flexib\w*|scalab\w*|reliab\w*|improv\w*|reduc\w*|sav(?:e|es|ing)\b"
            r"|difficult\w*|lacks?\b|unlike\b",
            r"преимуществ\w+|недостат\w+|плюс\w*|минус\w*|достоинств\w+|лучше|хуже|быстр\w+|медленн\w+"
            r"|прощ[ея]|удобн\w+|неудобн\w+"
            r"|дешев\w+|дорог\w+|эффективн\w+|гибк\w+|над[её]жн\w+|однако|сложн\w+|экономи\w+|упроща\w+"
            r"|ускоря\w+|в отличие",
        ),
    ),
    Kind(
        "use",
        _any(
            r"used?\b|useful|uses\b|using|purposes?|good for|what for|need(?:ed|s)?\b|applied|apply",
            r"для чего|зачем|примен\w+|использ\w+|назначени\w+|нужн\w+|служит|когда нуж\w+|польз\w+",
        ),
        _any(
            r"used\b(?! to (?:describe|refer))|uses?\b|using\b|useful|purpose is|for the purpose|allow\w*|lets?\b|enabl\w*|helps?\b"
            r"|in order to|so that|designed (?:to|for)|intended"
            r"|meant (?:to|for)|appl(?:y|ies|ied)\b|provid\w*|serves?\b|responsible for|needed\b"
            r"|make(?:s)? it (?:possible|easy|easier)",
            r"чтобы|примен\w+|использ\w+|назначен\w+|предназнач\w+|нуж(?:ен|на|ны)\b|служ[иа]т"
            r"|позвол\w+|помога\w+|полезн\w+"
            r"|с помощью|обеспечива\w+|даёт возможность|отвеча\w+ за|удобн\w+\s+(?:для|когда|если)",
        ),
    ),
    Kind(
        "way",
        _any(
            r"how (?:does|do|is|are|to|it)\b|work(?:s|ing)?\b",
            r"как\b[^?.]*\b(?:работа\w+|устро\w+|дела\w+|происход\w+)|принцип\w*|(?:схема|устройство)\b|работ[аы]\b",
        ),
        _any(
            r"works?\b|by\s+\w+ing\b|steps?\b|first\b|then\b|after\b|before\b|convert\w*|sen(?:d|ds|t)\b"
            r"|reads\b|writes\b"
            r"|consists?\b|split\w*|through\b|receiv\w*|turns?\b|process(?:es|ed)?\b|translat\w*"
            r"|connect(?:s|ed)?\b|execut\w*|load(?:s|ed)\b"
            r"|cop(?:y|ies)\b|mov(?:e|es|ed)\b|compar\w*|uses\b|request\w*",
            r"работает|работают|сначала|затем|потом\b|после\b|преобразу\w+|отправля\w+|считыва\w+"
            r"|записыва\w+|состо[ия]т\b|раздел\w+"
            r"|возвраща\w+|копиру\w+|перемеща\w+|сравнива\w+|проверя\w+|с помощью|переда[её]\w*"
            r"|происходит|каждый раз|по очереди",
        ),
    ),
    Kind(
        "reason",
        _any(r"why\b|reasons?\b|causes?\b", r"почему|зачем|причин\w+"),
        _any(
            r"because|since\b|therefore|due to|reasons?\b|so that|in order to|thus\b|caus\w+|that is why|hence",
            r"потому|поэтому|так как|из-за|чтобы|причин\w+|поскольку|ради\b|вследствие|благодаря|решил\w*",
        ),
    ),
)
_EXAMPLE = _any(
    r"examples?\b|exercises?\b|samples?\b|demo\b", r"пример\w*|задани\w+|задач[аи]\b|упражнени\w+|практик\w+"
)
_LEAD = re.compile(
    r":[*_ \t]*\n(?:[ \t]*\n)?(?:[ \t]*(?:[-*+•]|\d+[.)])[ \t][^\n]*\n"
    r"(?:[ \t]+(?![ \t]|(?:[-*+•]|\d+[.)])[ \t])[^\n]*\n)*)*[ \t]*(?:[-*+•]|\d+[.)])[ \t]+\Z"
)
"""The line that leads to a list, and the list so far. A line is an item or goes on with one, never both: else each further
item would double the time that it takes to see that nothing leads to this one.
"""
_STEP = re.compile(r"[ \t>]*\d+[.)][ \t]+\Z")
_ITEM = re.compile(r"[ \t>]*(?:[-*+•]|\d+[.)])[ \t]+(?:\[.\][ \t]+)?\Z")
_WHOLE = re.compile(r"[.!?…][\"'”»)]*$")
_FEWEST_WORDS = 6
_BEGINNING = 8
"""Words in which a sentence says what it is about."""
_FEWEST_SHARED = 3
"""Telling words that a question and a sentence have in common before that says what the sentence is about."""
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|may|might|must|should|will|would|does|do|did|cannot|[a-z]+n't|refers?|means?|uses?|allows?|lets?"
    r"|enables?|helps?|provides?|makes?|gives?|takes?|needs?|requires?|works?|reads?|writes?|stores?|sends?|returns?|contains?|consists?|includes?"
    r"|creates?|runs?|keeps?|holds?|converts?|translates?|executes?|connects?|supports?|offers?|reduces?|improves?|prevents?|protects?|becomes?)\b"
)
_BARE_VERB = re.compile(
    r"(?:Is|Are|Has|Can|Uses?d?|Allows?|Provides?|Lets?|Helps?|Makes?|Gives?|Inspired|Typically|[A-Z][a-z]+s\s(?:an?|the|more|less|to|for|with))\b"
)
_FEWEST_LETTERS = 0.6
_THEY = re.compile(r"(?:we|you|i|мы|вы|я)\b", re.IGNORECASE)


_LEANING = re.compile(
    r"^(?:instead|теперь|пора|now|for example|for instance|e\.g\.|in other words|that is|at the same time|in (?:this|that"
    r"|these|those|such)|with (?:it|this|its|these)|the same"
    r"|например|то есть|при (?:этом|таком)|в (?:этих|этом|этой|таких|таком|такой|данном|данной)"
    r"|с (?:его|её|их|этим|этой)|для (?:этого|этой"
    r"|этих)|к примеру|приведем|приведём|рассмотрим|давайте|причем|причём|иначе|благодаря (?:этому"
    r"|ему|ей)|из-за этого|после этого|либо|или)\b"
    r"|^(?:\S+\s+){0,5}(?:this|these|those|such|эт(?:от|а|о|и|ого|ой|ому|им|их|ими|ом|у)|так(?:ой|ая"
    r"|ое|ие|ого|ому|им|их|ую)|данн\w+)\b",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"\s[,.;:!?)](?:\s|$)|[(«“]\s|\(\s*\)|''|\b(\w{3,}(?:\s\w+)?)\s+\1\b|\w#\w|;\.|\\\\|[$]|\s[-–—]\s*[,.]",
    re.IGNORECASE,
)
_SPOKEN = re.compile(r"\b(?:we|our|us|мы|нас|нам|наш\w*|вы|вам|вас|ваш\w*)\b", re.IGNORECASE)
"""Who writes so explains something to a reader, step by step."""
_NO_VERB = re.compile(
    r"(?:an?|the)\s(?:(?!\b(?:is|are|was|were|has|have|can|may|must|will|does|do|allows?|lets?|uses?"
    r"|means|refers?|provides?|makes?|gives?)\b)"
    r"[^.,;])*?\b(?:that|which|who)\b",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(r"[А-ЯЁ][а-яё]+(?:ет|ит|ют|ят|ёт|ется|ится|ются|ятся)\b")


def answers(question: str, sentence: Sentence) -> bool:
    """Whether the sentence says one of the kinds of things that the question asks for; true where it asks for none."""
    return says_asked(question, sentence.plain, _under(sentence))


def says_asked(question: str, shown: str, under: str = "") -> bool:
    """The same of a sentence as it is read aloud, which stands `under` a heading."""
    asked = [kind for kind in KINDS if kind.asks.search(question)]
    return not asked or any(kind.says.search(shown) or kind.asks.search(under) for kind in asked)


def _under(sentence: Sentence) -> str:
    """The heading that it stands under, below that of the whole note; empty where there is none."""
    return sentence.passage.heading[-1] if len(sentence.passage.heading) > 1 else ""


def stands_alone(sentence: Sentence, question: str) -> bool:
    """Whether it can be read in another place: whole, no item torn from its list, no step, no code, no part of an example."""
    before = sentence.passage.text[: sentence.start]
    line = before[before.rfind("\n") + 1 :]
    shown = sentence.plain
    if says_nothing(shown) or any(map(code_like, sentence.text.splitlines())) or len(words(shown)) < _FEWEST_WORDS:
        return False
    if _letters(shown) < _FEWEST_LETTERS or (_in_example(sentence) and not _EXAMPLE.search(question)):
        return False
    if not reads_whole(shown) or (_NO_SUBJECT.match(shown) and _under(sentence)):
        return False
    if not _ITEM.match(line):
        return True
    torn = _STEP.match(line) is not None or _LEAD.search(before) is not None
    return COPULA.search(shown[:120]) is not None and not _THEY.match(shown) if torn else _whole(shown)


def reads_whole(shown: str) -> bool:
    """Whether a sentence as it is read aloud points at nothing before it, has a verb, and lost nothing that was code."""
    if _SPOKEN.search(shown) or _LEANING.search(shown) or _BROKEN.search(shown) or _NO_VERB.match(shown):
        return False
    return language_of(shown) != "en" or (
        (_FINITE.search(shown) or COPULA.search(shown)) is not None and not _BARE_VERB.match(shown)
    )


def _whole(shown: str) -> bool:
    return _WHOLE.search(shown) is not None or COPULA.search(shown[:120]) is not None


def _letters(shown: str) -> float:
    """The share of letters among the characters that are no spaces."""
    dense = [char for char in shown if not char.isspace()]
    return sum(map(str.isalpha, dense)) / len(dense) if dense else 0.0


def _in_example(sentence: Sentence) -> bool:
    return any(_EXAMPLE.match(part.lstrip("#* ")) for part in sentence.passage.heading[1:])


def about(question: str, sentence: Sentence, own: str, names: Sequence[str]) -> bool:
    """Whether it speaks of the note at the path `own`, which is called so.

    It names the note, or begins with a word of its title, or stands under a heading that says what is asked for; or nothing
    stands before its verb, so that it means the note whose first lines it is of. What has most words of a question is asked
    for, whatever it names. Of other notes only sentences that name it are.
    """
    called = [found for name in names if (found := stems(name))]
    if sentence.passage.path != own:
        return _says(sentence.plain, called)
    under, begins = _under(sentence), set(stems(sentence.plain)[:_BEGINNING])
    if under and any(kind.asks.search(under) and kind.asks.search(question) for kind in KINDS):
        return True
    if _in_words(question, sentence.plain):
        return True
    if begins & {word for name in names for word in content_stems(name)}:
        return not under or _says(under, called) or _says(sentence.plain, called)
    return not under and _NO_SUBJECT.match(sentence.plain) is not None


def _in_words(question: str, shown: str) -> bool:
    """Whether it has most of the question's telling words, and not too few: the dough, the hours and the fridge."""
    asked = set(content_stems(question))
    shared = len(asked.intersection(content_stems(shown)))
    return shared >= _FEWEST_SHARED and 2 * shared > len(asked)


def _says(text: str, names: Sequence[Sequence[str]]) -> bool:
    said = f" {' '.join(stems(text))} "
    return any(f" {' '.join(name)} " in said for name in names)
