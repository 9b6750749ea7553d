"""Whether a sentence says the kind of thing that a prompt asks for, and whether it may stand in another place. Pure.

That a sentence is near the question and the title by its vector and its words is not enough: what a thing *is* stands near
every question about it. So it is also looked at how it is said: what answers “Which mistakes …?” speaks of errors, of what is
not allowed or goes wrong. Where a prompt asks for none of the kinds below, nothing of this is asked of a sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.codelike import code_like
from agents.quotation.alone import reads_whole
from agents.quotation.prose import is_prose
from agents.quotation.verb import copula
from agents.reasons.pointers import says_nothing
from agents.sentences import Sentence, content_stems, quotable
from agents.stopwords import STOP_WORDS
from vault_sync.text import stem, stems, words


def _any(*words_of: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{each})" for each in words_of), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: by what words a prompt asks for it, and by what words a sentence says it."""

    name: str
    asks: re.Pattern[str]
    says: re.Pattern[str]


_KINDS = (
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
            r"used\b(?! to (?:describe|refer))|uses? (?:of|for|are|include)\b|(?:can|may|to) use\b"
            r"|useful|purpose is|for the purpose|allow\w*|lets?\b|enabl\w*|helps?\b"
            r"|in order to|so that|designed (?:to|for)|intended"
            r"|meant (?:to|for)|appl(?:y|ies|ied)\b|provid\w*|serves?\b|responsible for|needed\b"
            r"|make(?:s)? it (?:possible|easy|easier)",
            r"(?<=\s)чтобы|применя\w+ся\b|примени\w+|применени\w+|использу\w+ся\b|использовать|назначен\w+|предназнач\w+|нуж(?:ен|на|ны)\b|служ[иа]т"
            r"|позвол\w+|помога\w+|полезн\w+"
            r"|с помощью|обеспечива\w+|даёт возможность|отвеча\w+ за|удобн\w+\s+(?:для|когда|если)",
        ),
    ),
    Kind(
        "way",
        _any(
            r"how (?:does|do|is|are|to|it)\b(?! (?:\w+ )?(?:avoid|prevent|fix|solve))|work(?:s|ing)?\b",
            r"как\b[^?.]*\b(?:работа\w+|устро\w+|дела\w+|происход\w+)|принцип\w*|устройство\b|работ[аы]\b(?!\s+с\b)",
        ),
        _any(
            r"works\b(?! (?:well|best|with|for)\b)|by\s+\w+ing\b|steps?\b|first,|and then\b|then,|after (?:that|this|which)\b"
            r"|convert\w*|sen(?:d|ds|t)\b"
            r"|reads\b|writes\b"
            r"|consists?\b|split\w*|(?<!gone )(?<!goes )(?<!go )through\b(?! (?:various|several|many)\b)"
            r"|receiv\w*|turns?\b|processe[sd]\b|translat\w*"
            r"|connected\b|execut\w*|load(?:s|ed)\b"
            r"|cop(?:y|ies)\b|mov(?:e|es|ed)\b|compares\b|uses\b",
            r"работает|работают|сначала|затем|потом\b|после (?:этого|того|чего)\b|состо[ия]т\b|с помощью|переда[её]\w*"
            r"|(?:преобразу|отправля|считыва|записыва|разделя|возвраща|копиру|перемеща|сравнива|проверя)[ею]т(?:ся)?\b"
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
_OF_DEFINITIONS = ("use", "way")
"""What nearly every definition says: “a tool that allows …”, “a device that reads …”."""
_LESSON = Kind(
    "lesson",
    _any(
        r"learn\b|remember\b|take-?aways?|good to know",
        r"узнать|усвоить|запомнить|вынести|знать",
    ),
    _any(
        r"lessons?\b|learn\w*|should\b|must\b|need(?:s|ed)? to\b|important\w*(?! (?:role|part)s?\b)|always\b"
        r"|prefer\w*|recommend\w*|best\b|make sure",
        r"урок\w*|вывод\w*|долж\w+|нужно|надо\b|следует|стоит\b|важно\w*|всегда\b|рекоменду\w+|лучше",
        *(kind.says.pattern for kind in _KINDS if kind.name not in _OF_DEFINITIONS),
    ),
)
"""What a thing is teaches nothing: what goes wrong with it, what it is worth and what to do with it does."""
KINDS = (*_KINDS, _LESSON)
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
_MANY = _any(
    r"there (?:are|is) (?:several|many|various|different|a (?:number|lot) of)\b",
    r"(?:есть|существу[ею]т|бывает|имеется) (?:несколько|много|множество|разные|различные)\b",
)
"""Who says that there are several has not said which."""
_WHOLE = re.compile(r"[.!?…][\"'”»)]*$")
_FEWEST_WORDS = 6
_BEGINNING = 8
"""Words in which a sentence says what it is about."""
_HEAD = 4
"""Words that a heading has at most which names a kind of thing: “Advantages and drawbacks”."""
_AT_ONCE = frozenset(["a", "an", "the", "in", "with", "for", "в", "с", "для"])
"""What may stand before its name where a sentence of another note speaks of this one."""
_FEWEST_SHARED = 3
"""Telling words that a question and a sentence have in common before that says what the sentence is about."""
_THEY = re.compile(r"(?:we|you|i|мы|вы|я)\b", re.IGNORECASE)


_NO_SUBJECT = re.compile(r"[А-ЯЁ][а-яё]+(?:ет|ит|ют|ят|ёт|ется|ится|ются|ятся)\b")


def answers(question: str, sentence: Sentence) -> bool:
    """Whether the sentence says one of the kinds of things that the question asks for; true where it asks for none."""
    return says_asked(question, sentence.plain) or any(_headed(kind, sentence) for kind in _asked(question))


def says_asked(question: str, shown: str) -> bool:
    """The same of a sentence as it is read aloud, wherever it stands."""
    asked = _asked(question)
    return not asked or any(kind.says.search(shown) for kind in asked)


def _asked(question: str) -> list[Kind]:
    return [kind for kind in KINDS if kind.asks.search(question)]


def _headed(kind: Kind, sentence: Sentence) -> bool:
    """Whether it stands under a short heading that names the kind of thing, and not that of another thing.

    So “Advantages and drawbacks” or “Use of anchors” in the note on anchors, and not “Use of chains” there.
    """
    under = _under(sentence)
    named = kind.asks.search(under) if len(words(under)) <= _HEAD else None
    if named is None:
        return False
    own = set(content_stems(sentence.passage.title))
    beside = (word for word in words(under[named.end() :]) if word not in STOP_WORDS and stem(word) not in own)
    return all(any(each.asks.search(word) for each in KINDS) for word in beside)


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
    if not is_prose(sentence) or (_in_example(sentence) and not _EXAMPLE.search(question)):
        return False
    if not reads_whole(shown) or _MANY.match(shown) or (_NO_SUBJECT.match(shown) and not _opens(sentence)):
        return False
    if not _ITEM.match(line):
        return True
    torn = _STEP.match(line) is not None or _LEAD.search(before) is not None
    return copula(shown[:120]) is not None and not _THEY.match(shown) if torn else _whole(shown)


def _opens(sentence: Sentence) -> bool:
    """Whether it is the first sentence below the heading of the whole note: what it leaves unsaid is the title."""
    return not _under(sentence) and quotable(sentence.passage)[0].start == sentence.start


def _whole(shown: str) -> bool:
    return _WHOLE.search(shown) is not None or copula(shown[:120]) is not None


def _in_example(sentence: Sentence) -> bool:
    return any(_EXAMPLE.match(part.lstrip("#* ")) for part in sentence.passage.heading[1:])


def about(question: str, sentence: Sentence, own: str, names: Sequence[str]) -> bool:
    """Whether it speaks of the note at the path `own`, which is called so.

    It names the note, or begins with a word of its title, or stands under a heading that says what is asked for; or nothing
    stands before its verb, so that it means the note whose first lines it is of. What has most words of a question is asked
    for, whatever it names. Of other notes only sentences that begin with its name are.
    """
    called = [found for name in names if (found := stems(name))]
    if sentence.passage.path != own:
        return _begins(sentence.plain, called)
    under, begins = _under(sentence), set(stems(sentence.plain)[:_BEGINNING])
    if any(_headed(kind, sentence) for kind in _asked(question)) or _in_words(question, sentence.plain):
        return True
    if begins & {word for name in names for word in content_stems(name)}:
        return not under or _says(under, called) or _says(sentence.plain, called)
    return _NO_SUBJECT.match(sentence.plain) is not None and _opens(sentence)


def _in_words(question: str, shown: str) -> bool:
    """Whether it has most of the question's telling words, and not too few: the dough, the hours and the fridge."""
    asked = set(content_stems(question))
    shared = len(asked.intersection(content_stems(shown)))
    return shared >= _FEWEST_SHARED and 2 * shared > len(asked)


def _begins(shown: str, names: Sequence[Sequence[str]]) -> bool:
    """Whether it begins with one of the names, or nearly: what is said of it on the way is said of something else."""
    said, found = words(shown), stems(shown)
    first = next((number for number, word in enumerate(said) if word not in _AT_ONCE), 0)
    return any(list(found[first : first + len(name)]) == list(name) for name in names)


def _says(text: str, names: Sequence[Sequence[str]]) -> bool:
    said = f" {' '.join(stems(text))} "
    return any(f" {' '.join(name)} " in said for name in names)
