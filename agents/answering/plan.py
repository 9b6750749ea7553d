"""Which role answers a request; pure. In doubt the planner does: it is the one that reads the notes."""

import re
from typing import Literal

ChatRole = Literal["planner", "coder"]

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_TRACE = re.compile(
    r"Traceback \(most recent call last\)|^\s+at [\w$.<>]+\(.*?:\d+\)|^\s*File \".+\", line \d+|"
    r"\b(?:Exception in thread|Segmentation fault|panic: |undefined reference to|error\[E\d{4}\])|"
    r"\b[A-Z]\w*(?:Error|Exception): \S|\berror: (?:expected|cannot find|undefined|no matching)",
    re.MULTILINE,
)
_LANGUAGE = (
    r"(?:python|java|javascript|typescript|rust|golang|kotlin|swift|ruby|php|perl|haskell|scala|bash|powershell|"
    r"sql|html|css|lua|matlab|питон\w*|джав\w+|c\+\+|c#|(?:in|на) (?:go|c|r|си))(?![\w+#])"
)
_FILE = r"[\w/-]+\.(?:py|js|ts|tsx|jsx|java|kt|rs|go|c|h|cpp|cs|rb|php|sh|sql|css|html|yml|yaml|toml|json)\b"
_THING = (
    r"(?:function|method|class|struct|interface|script|code|program|snippet|regex|regexp|regular expression|"
    r"sql query|query|unit tests?|tests?|algorithm|parser|decorator|generator|loop|api client|endpoint|one-liner|"
    r"dockerfile|makefile|bug|compile error|memory leak|migration|component|"
    r"функци\w+|метод(?:а|ы)?|класс(?:а|ы)?|скрипт\w*|код(?:а)?|программ[ук]\w*|регулярк\w+|регулярн\w+ выражени\w+|"
    r"sql-?запрос\w*|запрос|юнит-тест\w*|тест(?:ы|а)?|алгоритм\w*|парсер\w*|декоратор\w*|цикл\w*|баг\w*|"
    r"ошибку компиляции|утечку памяти)(?!\w)"
)
_VERB = (
    r"(?:write|implement|code up|refactor|debug|fix|optimi[sz]e|rewrite|port|generate|create|add|convert|translate|"
    r"напиши(?:те)?|написать|реализуй(?:те)?|реализовать|отрефактори(?:ть|те)?|отлад(?:ь|ить)|"
    r"исправ(?:ь|ьте|ить)|почини(?:ть)?|оптимизируй(?:те)?|оптимизировать|перепиши(?:те)?|переписать|"
    r"сгенерируй(?:те)?|создай(?:те)?|добавь(?:те)?|портируй(?:те)?|переведи(?:те)?|накидай)"
)
_ABOUT_NOTES = (
    r"(?:summary|note|notes|essay|letter|poem|e-?mail|report|paragraph|text|article|list|overview|outline|story|"
    r"заметк\w+|конспект\w*|сочинени\w+|письм\w+|стих\w*|отчёт\w*|отчет\w*|абзац\w*|текст\w*|статью|список|обзор\w*|"
    r"пересказ\w*|резюме|about|про|о|об)(?!\w)"
)
_ORDER = re.compile(
    rf"(?<!\w){_VERB}(?!\w)(?:\W+(?!{_ABOUT_NOTES})[\w'+#.-]+){{0,6}}?\W+(?!{_ABOUT_NOTES})(?:{_THING}|{_FILE}|{_LANGUAGE})",
    re.IGNORECASE,
)
_HOW_TO = re.compile(
    rf"(?:\bhow (?:do i|can i|to|would i)|\bкак)\s+(?:\w+\s+){{0,2}}?{_VERB}\b.*?(?:{_THING}).*?\b{_LANGUAGE}",
    re.IGNORECASE,
)
_REFACTOR = re.compile(r"^\W*(?:please |пожалуйста,? )?(?:refactor|debug|отрефактори|отладь)(?!\w)", re.IGNORECASE)
_NOTES_SAY = re.compile(
    r"\bnotes? (?:say|tell|have|mention|contain)|\b(?:in|from|of|according to) (?:my|the|our) notes?\b|"
    r"\b(?:в|из|по) (?:моих |моим |наших )?замет\w+|замет\w+ (?:говор\w+|написан\w+|сказан\w+)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\W*(?:hi|hello|hey|good (?:morning|evening|afternoon)|thanks?(?: you)?(?: (?:very|so) much| a lot)?|bye|goodbye|"
    r"how are you|who are you|what can you do|"
    r"привет\w*|здравствуй\w*|добр\w+ (?:день|вечер|утро)|спасибо(?: большое)?|благодарю|пока|до свидания|"
    r"как дела|кто ты|что ты умеешь)(?:\W+(?:there|famulus|again|фамулус|друг|ещё раз))*\W*",
    re.IGNORECASE,
)


def role_for(request: str) -> ChatRole:
    """`coder` for a request to write, change or mend code, else `planner`."""
    if _FENCE.search(request) or _TRACE.search(request):
        return "coder"
    if _ORDER.search(request) or _REFACTOR.search(request):
        return "coder"
    if _HOW_TO.search(request) and not _NOTES_SAY.search(request):
        return "coder"
    return "planner"


def is_greeting(request: str) -> bool:
    """Whether the request is nothing but a greeting, thanks or a question to Famulus about itself."""
    return bool(_GREETING.fullmatch(request.strip()))
