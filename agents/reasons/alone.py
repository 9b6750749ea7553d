"""Whether a sentence can be read outside of its note: whole, pointing at nothing before it, no command or formula. Pure."""

import re
from collections.abc import Iterable, Sequence

from agents.sentences import Sentence, content_stems
from vault_sync.text import language_of, stems

COPULA = re.compile(
    r"\s(?:is|are|was|refers? to|means|allows?|provides?|describes?|stands for|consists? of)\s|\s[—–-]\s"
    r"|(?:^|\s)(?:это|является|являются|называется|представляет|позволяет|используется|служит|означает)(?=\s)",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"(?:it|its|it's|this|these|those|they|their|that|such|he|she|one of (?:its|it's|them|these|several|many)|here|also|however|see"
    r"|and|but|so|then|thus|therefore|"
    r"он|она|они|оно|его|её|ее|их|этот|эта|это|эти|этой|этим|данн(?:ый|ая|ое|ого|ой|ому|ую|ом)|там|здесь|также"
    r"|кроме того|поэтому|см|смотри|и|а|но|тогда|затем"
    r"|в (?:ней|нём|нем|них|этом|этой)|для (?:него|неё|нее|них|этого))\b",
    re.IGNORECASE,
)
_OF_THE_PAGE = re.compile(
    r"\bthis (?:page|section|note|article|chapter|definition|example|list)\b|\bэт\w+ (?:страниц|раздел|заметк|стать|глав)\w*",
    re.IGNORECASE,
)
_TITLE_MEANT = re.compile(r"(?:it|it's|this|он|она|они|оно|это)\b", re.IGNORECASE)
"""What begins a note with one of these means its title."""
_LEANING = re.compile(
    r"^(?:instead|в нашем|теперь|пора|now|for example|for instance|e\.g\.|in other words|that is|at the same time|in (?:this|that"
    r"|these|those|such)|with (?:it|this|its|these)|the same|otherwise|likewise|similarly|besides|moreover|finally|lastly"
    r"|например|то есть|при (?:этом|таком)|в (?:этих|этом|этой|таких|таком|такой|данном|данной)"
    r"|с (?:его|её|их|этим|этой)|для (?:этого|этой"
    r"|этих)|к примеру|приведем|приведём|рассмотрим|давайте|причем|причём|иначе|благодаря (?:этому"
    r"|ему|ей)|из-за этого|после этого|либо|или|так|итак|отсюда|аналогично|наконец|далее|во-(?:первых|вторых))\b"
    r"|^(?:\S+\s+){0,5}(?<![-–—] )(?:this|these|those|such(?! as)|эт(?:от|а|о|и|ого|ой|ому|им|их|ими|ом|у)|так(?:ой|ая"
    r"|ое|ие|ого|ому|им|их|ую)|данн(?:ый|ая|ое|ого|ой|ому|ую|ом))\b",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"\s[,.;:!?)](?:\s|$)|[(«“]\s|\(\s*\)|''|\b(\w{3,}(?:\s\w+)?)\s+\1\b|\w#\w|;\.|\\\\|\s[-–—]\s*[,.]", re.IGNORECASE
)
_FORMULA = re.compile(r"\$[^\s$][^$]*\$|^\S+\([^)]*\)[ \t]*=|[=≤≥≠→⇒]\s*\S+\s*[=≤≥≠→⇒]|\w \+ \S")
"""Also what a call gives, `TO_DATE(text) = D`, and keys, `Ctrl + C`."""
_TAG = re.compile(r"(?<![\w/&])\\?#[^\W\d][\w/\-]*")
_ITEM = re.compile(r"[ \t>]*(?:[-*+•]|\d+[.)])[ \t]+")
_ROW = re.compile(r"[ \t>]*\|")
_FINITE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|may|might|must|should|will|would|does|do|did|cannot|[a-z]+n't|refers?|means?|uses?|allows?|lets?"
    r"|enables?|helps?|provides?|makes?|gives?|takes?|needs?|requires?|works?|reads?|writes?|stores?|sends?|returns?|contains?|consists?|includes?"
    r"|creates?|runs?|keeps?|holds?|converts?|translates?|executes?|connects?|supports?|offers?|reduces?|improves?|prevents?|protects?|becomes?)\b"
)
_BARE_VERB = re.compile(
    r"(?:Is|Are|Has|Can|Uses?d?|Allows?|Provides?|Lets?|Helps?|Makes?|Gives?|Inspired|Typically|[A-Z][a-z]+s\s(?:an?|the|more|less|to|for|with|on|in|by|all))\b"
)
_SPOKEN = re.compile(r"\b(?:we|our|us|мы|нас|нам|наш\w*|вы|вам|вас|ваш\w*)\b", re.IGNORECASE)
"""Who writes so explains something to a reader, step by step."""
_NO_VERB = re.compile(
    r"(?:an?|the)\s(?:(?!\b(?:is|are|was|were|has|have|can|may|must|will|does|do|allows?|lets?|uses?"
    r"|means|refers?|provides?|makes?|gives?)\b)"
    r"[^.,;])*?\b(?:that|which|who)\b",
    re.IGNORECASE,
)
_BOAST = re.compile(
    r"(?:the|your|a|an)?\s*(?:\w+['’]s\s+)?(?:best|leading|ultimate|perfect|greatest|easiest|fastest)\b", re.I
)
_OTHER_SUBJECT = re.compile(
    r"(?P<subject>\S[^.!?;—–]{0,60}?)\s+(?:[—–-]\s|(?:is\s+(?:an?|the)|are|refers?\s+to|это|является)\s)", re.IGNORECASE
)
_ORDER = re.compile(r"[А-ЯЁа-яё]+(?:ть|ти|ться|йте|ите)[\s,]")
"""What is to be done, «Показать, …»: a step, or what a command does that stands before it."""
_NEW = 2
"""Telling words that a reason has at least beside the names of both notes."""
_BEFORE = re.compile(r"\([^()]*\)")
_FEWEST_LETTERS = 0.6
_OPENING = "«“\"'([`$@#"


def reads_whole(shown: str) -> bool:
    """Whether a sentence as it is read aloud points at nothing before it, has a verb, and lost nothing that was code."""
    if (
        _SPOKEN.search(shown)
        or _LEANING.search(shown)
        or _BROKEN.search(shown)
        or "$" in shown
        or _NO_VERB.match(shown)
    ):
        return False
    return language_of(shown) != "en" or (has_verb(shown) and not _BARE_VERB.match(shown))


def has_verb(shown: str) -> bool:
    """Whether an English sentence states something, by the verbs that do so most."""
    return (_FINITE.search(shown) or COPULA.search(shown)) is not None


def leans(shown: str) -> bool:
    """Whether a sentence can not be read alone: it begins with what points at another one, or speaks of its page."""
    return _POINTING.match(shown) is not None or _OF_THE_PAGE.search(shown) is not None


def balanced(text: str, pair: str) -> bool:
    """Whether each bracket that closes was opened before, and each that opens is closed."""
    open_now = 0
    for char in text:
        open_now += (char == pair[0]) - (char == pair[1])
        if open_now < 0:
            return False
    return open_now == 0


def reads_alone(shown: str) -> bool:
    """Whether a sentence is no piece of one: it begins as one does, and each bracket in it has its other half."""
    first = shown[:1]
    begins = first.isupper() or first.isdigit() or (first != "" and first in _OPENING)
    return begins and _closed(shown)


def _closed(shown: str) -> bool:
    return all(balanced(shown, pair) for pair in ("()", "[]", "«»", "“”"))


def is_prose(sentence: Sentence) -> bool:
    """Whether it is no row of a table, no formula, has no tag, and consists of words."""
    if _ROW.match(lead_of(sentence)) or _TAG.search(sentence.text) or _FORMULA.search(sentence.plain):
        return False
    return _letters(sentence.plain) >= _FEWEST_LETTERS


def lead_of(sentence: Sentence) -> str:
    """What stands before it on its line: marks of lists and quotes, a label."""
    text = sentence.passage.text
    return text[text.rfind("\n", 0, sentence.start) + 1 : sentence.start]


def _letters(shown: str) -> float:
    """The share of letters among the characters that are no spaces."""
    dense = [char for char in shown if not char.isspace()]
    return sum(map(str.isalpha, dense)) / len(dense) if dense else 0.0


def tells_reader(sentence: Sentence, opens: bool, names: Sequence[str], others: Sequence[str], *, near: bool) -> bool:
    """Whether a sentence of a note tells the reader of another one something of it, standing there alone.

    `names` are those of its note, `others` those of the reader's; `opens` says that nothing stands before it, or that it is
    called a description, so that what it leaves unsaid is its title; `near` that it has words that tell the reader's note apart.
    """
    shown = sentence.plain
    if not is_prose(sentence) or _BROKEN.search(shown) or not _read_on(shown, opens) or _BOAST.match(shown):
        return False
    if not (shown[:1].isalnum() or shown[:1] in _OPENING) or shown.startswith("(") or not _closed(shown):
        return False
    if _ORDER.match(shown) or not _says_more(shown, (*names, *others)):
        return False
    called = says_most(shown, names)
    listed = _ITEM.match(lead_of(sentence)) is not None
    bare = sentence.language == "en" and (not has_verb(shown) or _BARE_VERB.match(shown) is not None)
    if (bare and (listed or not opens)) or (shown[:1].islower() and not (opens or called)):
        return False
    if not called and (listed or not opens) and _of_another(shown, (*names, *others)):
        return False
    return called or opens or near or says_most(shown, others)


def _read_on(shown: str, opens: bool) -> bool:
    if opens and _TITLE_MEANT.match(shown):
        return _OF_THE_PAGE.search(shown) is None
    return not leans(shown) and _LEANING.search(shown) is None


def _says_more(shown: str, names: Iterable[str]) -> bool:
    return len(set(content_stems(shown)) - {one for name in names for one in content_stems(name)}) >= _NEW


def _of_another(shown: str, names: Sequence[str]) -> bool:
    """Whether it says what something is that is none of the names: an item of a glossary, or of a list of members."""
    found = _OTHER_SUBJECT.match(_BEFORE.sub("", shown))
    if found is None:
        return False
    subject = set(content_stems(found["subject"]))
    return 0 < len(subject) <= 3 and not any(subject & set(content_stems(name)) for name in names)


def says_most(shown: str, names: Iterable[str], within: int | None = None) -> bool:
    """Whether it has at least half of the telling words of one of the names, among its first words."""
    found = set(stems(shown)[:within])
    told = (set(content_stems(name)) for name in names)
    return any(2 * len(name & found) >= len(name) for name in told if name)
