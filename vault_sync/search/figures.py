"""Questions that a figure answers («сколько», «в каком году», "how many", "when"), and texts that have one. Pure."""

import re
from collections.abc import Collection

from vault_sync.text import fold, stem

_MEASURES = "many|much|long|old|far|tall|large|big|fast|often|high|deep|heavy|wide"
_COUNTED = "year|date|day|month|time|century|decade|percent(?:age)?|number|age|amount"
_ASKS = re.compile(
    rf"\bhow (?:{_MEASURES})\b"
    rf"|\b(?:what|which) (?:{_COUNTED})\b"
    r"|^(?:since |until |by )?when\b"
    r"|\bскольк(?:о|их|им|ими)\b"
    r"|^(?:с |до |к )?когда\b(?!-)"
    r"|\bкак(?:ой|ого|ому|ом|ое|им|их|ие|ую) (?:год|век|месяц|дат|числ|день|дня|процент|количеств|возраст|десятилети)"
    r"|\bкаков(?:а|о|ы)? (?:длин|высот|ширин|глубин|площад|численност|возраст|скорост|температур|цен|стоимост)"
    r"|\bкак (?:долго|давно|часто|далеко)\b"
)
_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy eighty"
    " ninety hundred thousand million billion dozen half twice third quarter"
    " один одна два две двух три трех четыре четырех пять пяти шесть шести семь семи восемь восьми девять девяти десять"
    " десяти двенадцать пятнадцать двадцать двадцати тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто"
    " сто тысяча тысяч миллион миллиард дюжина половина треть четверть дважды трижды"
)
_STEMS = "|".join(sorted({stem(word) for word in _WORDS.split()}))
_FIGURE = re.compile(rf"(?<!\S)(?:\d\S*|{_STEMS})(?!\S)")


def asked_for(query: str) -> bool:
    """Whether the answer is likely to be a number or a date."""
    return _ASKS.search(" ".join(fold(query).split())) is not None


def figures(stems: str) -> set[str]:
    """The numbers among stems (with single spaces between), in digits or words."""
    return set(_FIGURE.findall(stems))


def holds(stems: str, but: Collection[str]) -> bool:
    """Whether there is a number among the stems that is not one of these."""
    return any(match.group() not in but for match in _FIGURE.finditer(stems))
