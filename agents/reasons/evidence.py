"""The sentence of a note that best says what the note is about, and how it may be shown in another note."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agents.codelike import code_like
from agents.quotation.alone import leans
from agents.quotation.prose import lead_of
from agents.quotation.shape import balanced
from agents.quotation.telling import Quotation, tells_reader
from agents.quotation.verb import copula
from agents.reasons.pointers import says_nothing
from agents.sentences import DESTINATION, Sentence, plain, quotable
from vault_sync.index.records import Occurrence
from vault_sync.paths import VaultPath
from vault_sync.search.search import Passage
from vault_sync.text import stems, words

_DESCRIBES = re.compile(r"descri|defin|summary|about|описан|определ|суть|кратко", re.IGNORECASE)
_CALLED = re.compile(rf"(?:{_DESCRIBES.pattern})\w*[\s:*_]*\Z", re.IGNORECASE)
_MARKED = re.compile(r"[ \t]*(?:[-*+]|\d+[.)]|>)[ \t]")
_UNQUOTABLE = re.compile(r"!\[|%%|<[a-zA-Z/!]|\$[^$]+\$|\n[ \t]*(?:[-*+>|#]|\d+[.)])|\[\^|https?://|^\[!|\|[ \t]*-{3}")
_LINKS = re.compile(r"\[\[[^\]]*\]\]|\[[^\]]*\]" + DESTINATION)
_TAG = re.compile(r"(?<![\w/&])#[^\W\d][\w/\-]*")
_IS = re.compile(
    r"\s(?:is\s+(?:an?|the|any|one)|are(?!\s+(?:\w+ed|known|built|made|\w+ly)\s)|means|refers?\s+to)\s"
    r"|\s[—–-]\s|\s(?:это|является|являются|называ\w+|означает)\s",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()]*\)|,[^,]*,")
_MOST_BESIDE = 5
"""Words that may stand between a name and what it is, “X or also known as Y is a …”; before a dash there is none."""
_ARTICLES = frozenset(stems("a an the"))
_DEFINED_WITHIN = 120
_ODD_START = re.compile(r"[^\w«“\"'@$#<{]")
_FIELDS = re.compile(r"(?:^|\s)[^\W\d_][\w ]{1,20}:(?=\s)")
_MANY_FIELDS = 3
_ADDRESS = re.compile(r"\]" + DESTINATION)
_BLOCK_ID = re.compile(r"[ \t]+\^[A-Za-z0-9-]+$")
_ESCAPE = re.compile(r"[*`\[\]\\]|(?<!\w)_|_(?!\w)|\$|<(?=[a-zA-Z/!])|(?<![^\s(«“])#(?=\w)")
_LONGEST = 240
_FEWEST_WORDS = 4
_OWN_WORDS = 3
_LEAST = 0.5
DEFINES = 2.2
"""The least score of a sentence that names its note and says what it is."""
OPENS = 1.4
"""The least score of a sentence that opens a note and tells something of it."""
_MOST_TOPIC = 1.5
_NEAR = 0.3
"""The weight of the words that tell the reader's note apart from which on a sentence is of what that is about."""
_REPEATED = 3
_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """`sentence` stands in the note word for word; `shown` is the same without Markdown, on one line."""

    path: VaultPath
    sentence: str
    shown: str
    heading: tuple[str, ...]
    start_line: int
    end_line: int


def best_evidence(
    chunks: Sequence[Occurrence],
    topic: Mapping[str, float],
    names: Sequence[str],
    nearest: int = -1,
    before: str = "",
    boilerplate: frozenset[str] = frozenset(),
    reader: Sequence[str] = (),
    least: float = _LEAST,
) -> Evidence | None:
    """The most telling sentence of a note's `chunks`, None where none has a score of `least` or more.

    `topic` weighs the stems of what the reader comes from, `names` are the note's title and aliases, `nearest`
    is the occurrence that is closest to the topic; `reader` are the names of the note that the reader comes from:
    a sentence with one of them ties the two together, and it must tell them something (see `tells_reader`). `before`
    is the sentence that was chosen earlier: while the note still has it, it stays. `boilerplate` holds sentences that
    say nothing of their note (see `repeated`).
    """
    subjects = [stems(name) for name in names]
    here = [found for name in reader if len(found := " ".join(stems(name))) >= _SHORTEST_NAME]
    best: tuple[float, Evidence] | None = None
    for number, chunk in enumerate(chunks):
        for place, sentence in enumerate(filter(_tellable, quotable(passage_of(chunk)))):
            if _BLOCK_ID.sub("", sentence.text) == before:
                return _evidence(sentence)
            first = number == place == 0
            opens = first or _CALLED.search(lead_of(sentence)) is not None
            weight = min(_MOST_TOPIC, sum(topic.get(stem, 0.0) for stem in set(stems(sentence.plain))))
            if sentence.plain in boilerplate:
                continue
            if reader and not tells_reader(Quotation(sentence, names, reader, opens, near=weight >= _NEAR)):
                continue
            early = 1.0 if first else 0.3 if number == 0 else 0.0
            beside = 0.3 if chunk.id == nearest else 0.0
            score = _score(sentence, subjects) + weight + early + beside + _ties(sentence, here)
            if best is None or score > best[0]:
                best = (score, _evidence(sentence))
    return best[1] if best and best[0] >= least else None


def first_telling(chunks: Sequence[Occurrence], names: Sequence[str]) -> Evidence | None:
    """The sentence that says best what a note is about, whoever asks."""
    return best_evidence(chunks[:3], {}, names)


def first_defining(
    chunks: Sequence[Occurrence], names: Sequence[str], boilerplate: frozenset[str] = frozenset()
) -> Evidence | None:
    """The first sentence that begins with a name of the note and says what that is; None where there is none."""
    subjects = [stems(name) for name in names]
    for chunk in chunks:
        for sentence in filter(_tellable, quotable(passage_of(chunk))):
            if sentence.plain not in boilerplate and _defines(sentence.plain, subjects):
                return _evidence(sentence)
    return None


def _defines(shown: str, subjects: Sequence[Sequence[str]]) -> bool:
    """Whether it is of the form «X — это …», “An X (also Y) is a …”."""
    says = _IS.search(shown[:_DEFINED_WITHIN])
    if says is None:
        return False
    before = stems(_ASIDE.sub("", shown[: says.start()]))
    bare = before[1:] if before[:1] and before[0] in _ARTICLES else before
    most = _MOST_BESIDE if says[0].strip()[:1].isalpha() else 0
    return any(name and list(bare[: len(name)]) == list(name) and len(bare) - len(name) <= most for name in subjects)


def repeated(chunks: Iterable[Occurrence]) -> frozenset[str]:
    """Sentences (plain) that at least three notes share: notices and templates, not what a note is about."""
    notes: dict[str, set[int]] = {}
    for chunk in chunks:
        for sentence in quotable(passage_of(chunk)):
            notes.setdefault(sentence.plain, set()).add(chunk.note_id)
    return frozenset(text for text, found in notes.items() if len(found) >= _REPEATED)


def passage_of(chunk: Occurrence) -> Passage:
    """The chunk as if it had been found."""
    return Passage(
        occurrence=chunk.id,
        path=chunk.path,
        title=chunk.title,
        heading=chunk.heading,
        start_line=chunk.start_line,
        end_line=chunk.end_line,
        span=chunk.span,
        text=chunk.text,
        score=0.0,
        lexical_rank=None,
        dense_rank=None,
        snippet="",
        aliases=chunk.aliases,
    )


def _evidence(sentence: Sentence) -> Evidence:
    passage = sentence.passage
    text, shown = _BLOCK_ID.sub("", sentence.text), _BLOCK_ID.sub("", sentence.plain)
    start = passage.start_line + passage.text.count("\n", 0, sentence.start)
    return Evidence(passage.path, text, shown, passage.heading, start, start + text.count("\n"))


def _tellable(sentence: Sentence) -> bool:
    if _UNQUOTABLE.search(_ADDRESS.sub("]", sentence.text)) or len(sentence.plain) > _LONGEST:
        return False
    if (
        not all(map(partial(balanced, sentence.text), ("[]", "()")))
        or len(_FIELDS.findall(sentence.text)) >= _MANY_FIELDS
    ):
        return False
    count = len(words(sentence.plain))
    linked = sum(len(words(plain(link))) for link in _LINKS.findall(sentence.text))
    tagged = sum(len(words(tag)) for tag in _TAG.findall(sentence.text))
    if says_nothing(sentence.plain) or any(map(code_like, sentence.text.splitlines())):
        return False
    told = count >= _FEWEST_WORDS and linked <= 0.6 * count and tagged <= 0.3 * count and count - linked >= _OWN_WORDS
    return told and occurs(sentence.plain, sentence.text)


def occurs(shown: str, text: str) -> bool:
    """Whether the words of `shown` stand in `text` in this order."""
    left = iter(words(text))
    return all(word in left for word in words(shown))


def escaped(text: str) -> str:
    """Plain text that stays plain in Markdown: no emphasis, links, tags, HTML, math or comments come of it."""
    formula = text.count("$") > 1
    text = _ESCAPE.sub(lambda match: match[0] if match[0] == "$" and not formula else "\\" + match[0], text)
    return text.replace("%%", "%\\%").replace("==", "=\\=").replace("~~", "~\\~")


def _score(sentence: Sentence, subjects: Sequence[Sequence[str]]) -> float:
    shown = sentence.plain
    found = stems(shown)
    head = found[:8]
    named = any(name and all(stem in head for stem in name) for name in subjects)
    says = copula(shown[:120]) is not None
    score = (1.0 if named else 0.0) + (0.5 if says else 0.0) + (0.7 if named and says else 0.0)
    return score + _form(sentence, shown) - (0.4 if len(found) < 6 else 0.0)


def _ties(sentence: Sentence, reader: Sequence[str]) -> float:
    found = f" {' '.join(stems(sentence.plain))} "
    return 0.5 if any(f" {name} " in found for name in reader) else 0.0


def _form(sentence: Sentence, shown: str) -> float:
    score = -1.8 if leans(shown) else 0.0
    score -= 1.0 if _ODD_START.match(shown) else 0.0
    score -= 1.5 if _TAG.search(sentence.text) else 0.0
    score -= 0.4 if len(shown) > 180 else 0.0
    lead = lead_of(sentence)
    if _DESCRIBES.search(lead):
        return score + 1.2
    return score - (0.4 if _MARKED.match(lead) else 0.0)
