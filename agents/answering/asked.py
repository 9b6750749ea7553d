"""What kind of thing a question asks for, and which names it holds."""

import re
from functools import lru_cache

from agents.sentences import content_stems
from agents.stopwords import STOP_WORDS
from vault_sync.text import fold, stem

_NAME = re.compile(r"(?<=\s)[(\"«'@#`]?([A-ZА-ЯЁ][\w’'-]*|[a-z]+(?:\d|[A-Z])\w*)|(?<!\w)(\d[\d.,:]*)(?!\w)")
_HOW_MANY = re.compile(
    r"\bhow (?:many|much|long|old|far|large|big|tall|high|often)\b|\bwhat (?:percent|number)|"
    r"\bсколько\b|\bкакой процент|\bкаков\w* (?:площадь|длина|высота|численность|размер|возраст)",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\bwhen (?:was|were|did|is)\b|\b(?:what|which) (?:date|century)\b|"
    r"\bкогда\b|\bв как(?:ом|ой) (?:веке|день)",
    re.IGNORECASE,
)
_WHICH_YEAR = re.compile(r"\b(?:what|which) year\b|\bв каком году\b|\bкакой год\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)\d{3,4}(?!\d)")
_WHO = re.compile(r"\bwho(?:m|se)?\b|\b(?:кто|кого|кому|кем|чьё|чья|чей)\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|forty|"
    r"fifty|sixty|seventy|eighty|ninety|dozen|hundred|thousand|million|billion|half|third|quarter|"
    r"один|одна|одно|дв(?:а|е|ух)|тр(?:и|[её]х)|четыр\w+|пят\w+|шест\w+|сем(?:ь|и)|восем\w+|девят\w+|десят\w+|"
    r"\w+надцат\w+|(?:два|три)дцат\w+|сорока?|сем(?:ь|и)десят\w*|девяност\w+|"
    r"сто|тысяч\w*|миллион\w*|миллиард\w*|половин\w*|четверт\w+|полтор\w+)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d|centur|\bвек|январ|феврал|\bмарт|апрел|\bма[йя]\b|\bиюн|\bиюл|август|сентябр|октябр|ноябр|декабр|"
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_PERSON = re.compile(r"(?<=\S\s)[«\"(]?([A-ZА-ЯЁ][\w-]+)")
_PRICE = re.compile(
    r"\b(?:how much (?:does|do|did|is|are)|price|salary)\b|\b(?:сколько сто[ия]\w*|цена|зарплата)\b", re.IGNORECASE
)
_MONEY = re.compile(r"[$€£₽]|\b(?:dollar|euro|pound|cent|usd|руб|долл|евро)", re.IGNORECASE)
_WHY = re.compile(
    r"\bwhy\b|\b(?:what|which) (?:is|was|are|were) the reasons?\b|\b(?:почему|зачем)\b|\bпо какой причине\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|due to|reasons?|that is why)\b|\b(?:потому что|так как|из-за|поскольку|причин\w*)\b", re.IGNORECASE
)
_VERBS = """
work works working use uses used using need needed happen happens do done make differ difference different
работает работают работать делает делают делать нужен нужна нужно нужны используется использовать используют
устроен устроена применяется применяют отличается отличаются отличие разница различие
"""
_ASKING = frozenset(map(stem, _VERBS.split()))


def question_stems(question: str) -> tuple[str, ...]:
    """The content stems of a question without the verbs of asking (“work”, “use”), unless nothing else is left."""
    stems = content_stems(question)
    return tuple(term for term in stems if term not in _ASKING) or stems


@lru_cache(maxsize=64)
def names(question: str) -> tuple[str, ...]:
    """The folded names and numbers in `question`, as far as their spelling shows them."""
    found = (match.group(1) or match.group(2).rstrip(".,:") for match in _NAME.finditer(question))
    return tuple(dict.fromkeys(fold(name) for name in found if fold(name) not in STOP_WORDS))


def fits(question: str, sentence: str) -> float:
    """1 if `sentence` holds the kind of thing asked for, -1 if it does not, 0 if no kind is asked for."""
    for asked, held in ((_PRICE, _MONEY), (_HOW_MANY, _NUMBER), (_WHICH_YEAR, _YEAR), (_WHEN, _TIME)):
        if asked.search(question):
            return 1.0 if held.search(sentence) else -1.0
    if _WHO.search(question):
        known = set(content_stems(question))
        return 1.0 if any(stem(fold(name)) not in known for name in _PERSON.findall(sentence)) else -1.0
    return 0.0


def tells_why(question: str, sentence: str) -> bool:
    """Whether the question asks why, and `sentence` gives a reason for something and says so.

    That it does not say so is nothing against it: many reasons stand in a sentence of their own.
    """
    return _WHY.search(question) is not None and _REASON.search(sentence) is not None
