"""The sentences of a passage that can be quoted: prose and list items, without code, tables and metadata."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agents.stopwords import STOP_WORDS
from vault_sync.notes.note import Span
from vault_sync.paths import folder_of
from vault_sync.search.search import Passage
from vault_sync.text import language_of, sentences, stem, words

MAX_QUOTE = 480
_HIDDEN = (
    re.compile(r"^[ \t>]*(```|~~~).*?(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)", re.M | re.S),  # code
    re.compile(r"%%.*?%%|<!--.*?-->", re.S),
    re.compile(r"^[ \t>]*#{1,6}[ \t].*$", re.M),  # headings
    re.compile(r"^[ \t>]*\|.*\n[ \t>]*\|[-:| \t]+$", re.M),  # the head of a table
    re.compile(r"^[ \t>]*!\[\[[^\]\n]*\]\][ \t]*$", re.M),  # an embed alone on its line
    re.compile(r"^[ \t>]*[*_]*\[\[[^\]\n]*\]\][*_]*[ \t]*$", re.M),  # a link alone on its line
)
_FIELD = re.compile(r"\n(?=[ \t]*[*_=]{1,3}[^\n*_=]{1,40}:?[*_=]{1,3}:?[ \t]*\S)|(?<=\*\*|==)[ \t]*\n")
_LEAD = re.compile(r"(?:[ \t]*(?:>|[-*+](?=\s)|\d+[.)](?=\s)|\[[ xX]\]|\[![\w-]+\][+-]?|\||#+(?=\s)))*[ \t]*")
_LABEL = re.compile(r"[*_]{1,3}[^\s*_:][^*_:\n]{0,39}:[*_]{1,3}[ \t]*|[*_]{1,3}[^\s*_:][^*_:\n]{0,39}[*_]{1,3}:[ \t]*")
_NOT_PROSE = re.compile(r"[ \t>]*(?:!\[|\[\^|-{3,}|\*{3,}|={3,}|<)")
DESTINATION = r"\((?:[^()]++|\([^()]*+\))*+\)"
_ONLY_LINKS = re.compile(r"(?:\[\[[^\]]*\]\]|!?\[[^\]]*\]\([^)]*\)|https?://\S++|#[\w/-]++|[\s,;.:|*_•-])+")
"""Each link is taken as far as it goes: else many of them before a word could be told apart in endless ways."""
_EMBED = re.compile(r"!\[\[[^\]]*\]\]|!\[[^\]]*\]" + DESTINATION)
_TAG = re.compile(r"(?<![\w&])#[^\W\d][\w/-]*")
_POINTER = re.compile(
    r"redirected from|⚠|see\b|(?:for )?(?:the )?main (?:wiki )?(?:page|article)|this (?:article|page|note) |"
    r"читайте|смотри\b|см\.|.*\b(?:читайте|смотрите) здесь",
    re.IGNORECASE,
)
_ORNAMENT = re.compile(r"^[\W_]+|[\s:*_=]+$")
_RUSSIAN_WORD = re.compile(r"[а-яё]{3}", re.IGNORECASE)
_LINK = re.compile(r"!?\[\[(?:[^\]|]*\|)?([^\]|]*)\]\]|!?\[([^\]]*)\]" + DESTINATION)
_MARKUP = re.compile(r"\*\*|__|==|~~|`|\[\^[^\]]*\]|<[^>\n]{1,80}>|(?<!\w)[*_]|[*_](?!\w)|\\(?=[_*])")
_ALL_MARKED = re.compile(r"(\*\*|__|==|\*)(?:(?!\1).)+\1[ \t:.]*(?:\([^)\n]*\))?")
_LIST_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])\s")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A quotable piece of a passage. `start` counts code points from the start of `passage.text`."""

    passage: Passage
    start: int
    text: str
    plain: str

    @property
    def end(self) -> int:
        """Where it ends in `passage.text`."""
        return self.start + len(self.text)

    @property
    def language(self) -> str:
        """`ru` as soon as it holds one Russian word: notes full of Latin names can still be asked in Russian."""
        return "ru" if _RUSSIAN_WORD.search(self.plain) else language_of(self.plain)

    @property
    def context(self) -> str:
        """What it stands under."""
        return place(self.passage)

    @property
    def spoken(self) -> str:
        """The sentence with what it is about, where it does not say so itself."""
        known = set(content_stems(self.plain))
        above = (plain(_ORNAMENT.sub("", part)) for part in (self.passage.title, *self.passage.heading[-1:]))
        missing = [part for part in dict.fromkeys(above) if not set(content_stems(part)) <= known]
        return ": ".join((*missing, self.plain))


def place(passage: Passage) -> str:
    """What a passage stands under: the last two folders, which often name its topic, title and heading path."""
    folders = folder_of(passage.path).split("/")[-2:]
    return " ".join((*folders, passage.title, *passage.heading))


def plain(text: str) -> str:
    """`text` as read aloud: links by their names, no emphasis, one line."""
    named = _LINK.sub(lambda match: (match.group(1) or match.group(2) or "").rpartition("/")[2], _EMBED.sub("", text))
    return " ".join(_MARKUP.sub("", named).split())


@lru_cache(maxsize=16_384)
def content_stems(text: str) -> tuple[str, ...]:
    """The stems that carry meaning, in order, each once."""
    return tuple(dict.fromkeys(stem(word) for word in words(text) if word not in STOP_WORDS))


def quotable(passage: Passage) -> list[Sentence]:
    """The sentences of `passage`, in order. A line that ends in a colon comes with the list below it."""
    masked = passage.text
    for hidden in _HIDDEN:
        masked = hidden.sub(_blank, masked)
    spans = [span for whole in sentences(masked) for span in _fields(masked, whole)]
    found = (_sentence(passage, masked, span) for span in _with_lists(masked, spans))
    return [sentence for sentence in found if sentence]


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def _fields(text: str, whole: Span) -> Iterator[Span]:
    """Lines such as `*tags:* …` are sentences of their own."""
    start = whole.start
    for match in _FIELD.finditer(text, whole.start, whole.end):
        yield Span(start, match.start())
        start = match.end()
    yield Span(start, whole.end)


def _with_lists(text: str, spans: list[Span]) -> Iterator[Span]:
    for index, span in enumerate(spans):
        end = span.end
        if text[span.start : end].rstrip("*_ ").endswith(":") and not _NOT_PROSE.match(text[span.start : end]):
            for item in spans[index + 1 :]:
                if not _LIST_ITEM.match(text, _line_start(text, item.start)) or item.end - span.start > MAX_QUOTE:
                    break
                end = item.end
        yield Span(span.start, end)


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _sentence(passage: Passage, text: str, span: Span) -> Sentence | None:
    raw = text[span.start : span.end]
    if _NOT_PROSE.match(raw) or _ONLY_LINKS.fullmatch(raw):
        return None
    bare = raw[_lead(raw) :].lstrip()
    start = span.end - len(bare)
    quote = _cut(passage.text[start : span.end])
    said = plain(quote)
    if quote.count("[[") != quote.count("]]") or "TODO" in quote:
        return None
    if quote[:1].islower() and text[: span.start].rstrip().endswith("$$"):
        return None  # the end of a sentence that a formula interrupts
    if not _tells(_TAG.sub("", said).strip()) or _ONLY_LINKS.fullmatch(quote) or _ALL_MARKED.fullmatch(quote):
        return None
    return Sentence(passage, start, quote, said)


def _tells(said: str) -> bool:
    """Whether it states something: not a question, a label, a command, or a hint where else to read."""
    if said.endswith(("?", ":", ";", "-", "–", "—")) or _POINTER.match(said):
        return False
    return len(words(said)) >= 3


def _lead(raw: str) -> int:
    """How many characters at the start are list, quote and field marks."""
    lead = _LEAD.match(raw)
    start = lead.end() if lead else 0
    label = _LABEL.match(raw, start)
    if label is None or raw[label.end() : label.end() + 1].isspace():
        return start  # a label on a line of its own leads what follows
    return label.end()


def _cut(quote: str) -> str:
    if len(quote) <= MAX_QUOTE:
        return quote.rstrip()
    return quote[:MAX_QUOTE].rsplit(maxsplit=1)[0].rstrip()
