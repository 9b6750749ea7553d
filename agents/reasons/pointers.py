"""Sentences that only send their reader elsewhere, or hold a place for what is to be written: nothing is said by them."""

import re

_IMPERATIVE = (
    r"смотри(?:те)?|посмотри(?:те)?|ознаком(?:ься|ьтесь)|перейди(?:те)?|читай(?:те)?|прочти(?:те)?|почитай(?:те)?"
    r"|изучи(?:те)?|скачай(?:те)?|переходи(?:те)?|жми(?:те)?|кликни(?:те)?|см\."
)
_KEPT = (
    r"описан\w*|указан\w*|привед[её]н\w*|перечислен\w*|сказано|рассказано|показан\w*|доступ\w+|лежит|лежат|собран\w*"
)
_ELSEWHERE = (
    r"в\s+(?:официальной\s+|полной\s+)?документации|по\s+(?:этой\s+|следующей\s+)?ссылке|(?:ниже|выше|здесь|тут)"
    r"|в\s+(?:этой|другой|отдельной|следующей|предыдущей)\s+(?:стать|замет|глав)\w+|на\s+(?:официальном\s+)?сайте"
)
_RUSSIAN = re.compile(
    rf"(?:^|[\s(«,;:—–-])(?:{_IMPERATIVE})(?=[\s:,.])"
    rf"|^(?:более\s+)?подробн(?:ее|о|ости|ая|ую)\b(?=[^.]*\b(?:{_ELSEWHERE}|об?|про|можно|смотр\w*|чита\w*)\b)"
    rf"|(?:{_KEPT})\b[^.]{{0,50}}(?:\s|^)(?:{_ELSEWHERE})(?=[\s.,:;!)]|$)"
    rf"|(?:\s|^)(?:{_ELSEWHERE})\s+(?:{_KEPT})"
    r"|(?:можно|нужно|стоит)\s+(?:найти|посмотреть|прочитать|почитать|скачать|узнать)\s+(?:здесь|тут|в|на|по|из|ниже)\b"
    r"|\b(?:вышеперечисленн|нижеследующ|вышеописанн)\w+"
    r"|(?:правил|пример|раздел|стать|таблиц|спис)\w+\s+(?:выше|ниже)(?=[\s.,)]|$)"
    r"|^(?:полный|весь|краткий)\s+(?:список|перечень)\b[^.]{0,40}\b(?:в|на|по)\s"
    r"|^(?:к|на)\s+(?:содержанию|оглавлению|началу|главную)\b|^(?:назад|далее|дальше|вернуться)\s+(?:к|на|в)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"^(?:please\s+)?(?:see|visit|click|check\s+out|refer\s+to|explore|discover|browse|consult|look\s+(?:at|up|for)|head\s+(?:over\s+)?to"
    r"|go\s+(?:back\s+)?to|(?:learn|read)\s+about|(?:read|learn|find\s+out)\s+(?:more|how|the\s+(?:full|rest|docs|documentation|guidelines?))|back\s+to"
    r"|for\s+(?:more|further|full|the\s+(?:full|complete)))\b"
    r"|\bplease\s+(?:read|fill|see|visit|refer|check|note|contact)\b"
    r"|\b(?:more|further|additional)\s+(?:information|details?|reading|examples?|about\s+\w+)\b[^.]*"
    r"\b(?:found|available|here|below|above|documentation|docs|at\s+the)\b"
    r"|\b(?:can|may)\s+be\s+(?:found|seen|read|downloaded)\s+(?:in|at|on|here|below|above|under|from)\b"
    r"|\b(?:listed|described|shown|given|mentioned|compiled|explained|documented|discussed|covered)\s+(?:below|above|here)\b"
    r"|\b(?:described|explained|documented|listed|covered)\s+in\s+(?:the\s+)?(?:official\s+)?(?:docs|documentation|manual)\b"
    r"|\b(?:example|list|table|section|rules?|diagram|links?)\s+(?:above|below)\b"
    r"|^(?:below|above|here|the\s+following)\s+(?:are|is|you)\b|\bclick\s+here\b|\bfill\s+(?:out|in)\s+(?:this|the)\s+form\b"
    r"|^the\s+(?:full|complete|whole)\s+(?:list|documentation|text|article)\b[^.]{0,40}\b(?:is|are|can)\b"
    r"|^(?:previous|next|part\s+\d+)\s*:|^(?:table\s+of\s+contents|contents)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^(?:a\s+)?(?:brief|short)\s+(?:description|summary)\s+of\s+(?:the|this|your)\b|\blorem\s+ipsum\b|\b(?:coming\s+soon|to\s+be\s+(?:written|added"
    r"|done|continued))\b|\{\{[^}]*\}\}|^(?:здесь|тут)\s+(?:будет|указывается|пишется|надо|нужно)\b|\bкраткое\s+описание\s+(?:узла|заметки|статьи)\b"
    r"|\b(?:допишу|дописать|заполню|добавлю)\s+(?:позже|потом)\b|^(?:заметка|статья|страница)\s+(?:в\s+работе|не\s+(?:дописана|закончена))"
    r"|^this\s+(?:article|page|note|section)\s+(?:is|needs)\s+(?:a\s+stub|incomplete|work|to\s+be)\b",
    re.IGNORECASE,
)


def says_nothing(shown: str) -> bool:
    """Whether a sentence, as read aloud, only points elsewhere or holds a place."""
    return any(pattern.search(shown) for pattern in (_RUSSIAN, _ENGLISH, _PLACE))
