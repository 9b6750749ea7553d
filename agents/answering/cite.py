"""Which sentence of the notes supports a sentence of an answer; pure, but for similarities that are handed in."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from agents.answering.asked import names
from agents.answering.events import Citation
from agents.sentences import Sentence, content_stems, plain
from vault_sync.text import fold, language_of, stem, words

Similarity = Callable[[str, str], float]
"""Cosine similarity of two sentences, both as passages."""

CLOSE = 0.975
"""Similarity from which one word in five may differ; set by reading answers: docs/decisions/0003-evidence.md."""
SHARED = 0.8
PAIR_CLOSE = 0.92
"""Two sentences of a note together may support one of the answer from this similarity."""
CROSS_CLOSE = 0.89
"""Translations of a sentence against its neighbours' translations: precision 0.996, recall 0.59 on XQuAD."""
_MARK = re.compile(r"[ \t]*[\[【](?:note |passage )?\d+(?:\s*[,;–-]\s*\d+)*[\]】]", re.IGNORECASE)
_ECHO = re.compile(
    r"^[ \t]*(?:<<<\s*NOTES|NOTES\s*>>>|\[[^\]\n]*\](?!\())[ \t]*$|<<<\s*NOTES|NOTES\s*>>>", re.MULTILINE
)
_CLAUSE = re.compile(
    r"[,;:()]|\s[–—-]\s|\b(?:and|but|which|that|who|because|while|и|а|но|который|которая|которое|которые|что)\b"
)
_LIST = re.compile(r"\n[ \t>]*(?:[-*+]|\d+[.)])\s")
_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])\s")
_CONNECTING = """
known called named refers referred including includes include used uses use using works work made
известен известна известны называется называют используется используют служит применяется
"""
_FREE = frozenset(map(stem, _CONNECTING.split()))
"""Stems that tie a sentence together and need no support."""
_NUMBER = re.compile(r"(?<!\w)\d[\d.,:]*(?!\w)|\d+")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|\w+n['’]t|не|нет|ни|без|никогда|нельзя|невозможно)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Support:
    """Sentences of one passage that follow one another and support a statement together."""

    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """What they say, without markup."""
        return " ".join(sentence.plain for sentence in self.sentences)

    @property
    def about(self) -> str:
        """Title and headings above them, which they may leave unsaid."""
        passage = self.sentences[0].passage
        return " ".join((passage.title, *passage.heading))

    @property
    def quote(self) -> str:
        """The part of the note from the first to the last of them, as it stands there."""
        first, last = self.sentences[0], self.sentences[-1]
        return first.passage.text[first.start : last.end]


def unmarked(sentence: str) -> str:
    """The sentence without what a model copied from the prompt or made up: marks, fences, names of places."""
    return _MARK.sub("", _ECHO.sub("", sentence))


def supports(statement: str, support: Support, similarity: Similarity) -> bool:
    """Whether `support` says what `statement` says.

    Numbers, names and negation must agree. In one language all content words must occur, or nearly all, in every
    clause, where the two are very similar; across languages only similarity can be asked.
    """
    statement = plain(unmarked(statement))
    if statement.endswith("?") or not _same_facts(statement, support):
        return False
    if language_of(statement) != language_of(support.text):
        return similarity(statement, support.text) >= CROSS_CLOSE
    shared = max(_shared(statement, text, support) for text in _readings(statement, support))
    if len(support.sentences) > 1:
        return shared == 1.0 and similarity(statement, support.text) >= PAIR_CLOSE
    return shared == 1.0 or (shared >= SHARED and similarity(statement, support.text) >= CLOSE)


def _readings(statement: str, support: Support) -> list[str]:
    """The texts that may bear a statement out: of a list its lead and one item, or all of it if all is told.

    Otherwise a statement could pair what stands in different items.
    """
    lead, *items = (plain(line) for line in support.quote.splitlines() if line.strip())
    if not items or _LIST.search(support.quote) is None:
        return [support.text]
    whole = set(content_stems(support.text))
    told = len(whole & set(content_stems(statement))) >= 0.6 * len(whole)
    return [support.text] if told else [f"{lead} {item}" for item in items]


def _shared(statement: str, text: str, support: Support) -> float:
    """The share of the statement's content stems in `text`; 0 where it says too little, or a clause says too much."""
    said = _said(statement)
    own = set(content_stems(text))
    known = own | set(content_stems(support.about))
    if len(said) < 2 or 2 * sum(term in own for term in said) < len(said):
        return 0.0
    clauses = [_said(clause) for clause in _CLAUSE.split(statement)]
    if any(3 * sum(term not in known for term in clause) > len(clause) for clause in clauses):
        return 0.0
    return sum(term in known for term in said) / len(said)


def _said(text: str) -> list[str]:
    return [term for term in content_stems(text) if term not in _FREE]


def _same_facts(statement: str, support: Support) -> bool:
    known = f"{support.text} {support.about}"
    # As often as there, not only as well: a second "100" would be a second fact.
    if Counter(_numbers(statement)) - Counter(_numbers(known)):
        return False
    if bool(_NEGATION.search(statement)) != bool(_NEGATION.search(support.text)):
        return False
    have = {stem(word) for word in words(known)}
    across = language_of(statement) != language_of(support.text)
    return all(stem(part) in have for name in names(statement) if not across or _latin(name) for part in words(name))


def _latin(name: str) -> bool:
    return name.isascii() and not name[0].isdigit()


def _numbers(text: str) -> list[str]:
    return [match.group().rstrip(".,:") for match in _NUMBER.finditer(fold(text))]


def stated(text: str) -> bool:
    """Whether a piece of an answer is a statement: a whole sentence, not a row of a table, a path or a heading."""
    item = _ITEM.match(text)
    bare = plain(text[item.end() if item else 0 :])
    if "|" in bare or "›" in bare or bare.startswith(("[", "#", "<")):
        return False
    ends = bare.rstrip("\"'»”)*_ ").endswith((".", "!", "…"))
    return len(words(bare)) >= 3 and (ends or item is not None)


def find_support(
    statement: str, sentences: Sequence[Sentence], similarity: Similarity, first: Sequence[Sentence] = ()
) -> Support | None:
    """One of `first` or of `sentences` that supports `statement`, else two neighbours in `sentences` that do."""
    return next((one for one in _windows(first, sentences) if supports(statement, one, similarity)), None)


def _windows(first: Sequence[Sentence], sentences: Sequence[Sentence]) -> Iterator[Support]:
    for sentence in (*first, *sentences):
        yield Support((sentence,))
    for one, other in pairwise(sentences):
        between = one.passage.text[one.end : other.start]
        prose = not any("|" in sentence.text or _in_list(sentence) for sentence in (one, other))
        if one.passage == other.passage and prose and one.end <= other.start and not words(between):
            yield Support((one, other))


def _in_list(sentence: Sentence) -> bool:
    """Whether it is an item of a list: two items are two facts, and a statement could pair what is not one."""
    text = sentence.passage.text
    return _ITEM.match(text, text.rfind("\n", 0, sentence.start) + 1) is not None


def cite(mark: str, support: Support) -> Citation:
    """The citation of `support`, with the quote's own lines."""
    first = support.sentences[0]
    # A card of a canvas has lines, and stands on one line of its file.
    last = first.passage.end_line
    start = min(last, first.passage.start_line + first.passage.text.count("\n", 0, first.start))
    return Citation(
        mark=mark,
        path=first.passage.path,
        heading=first.passage.heading,
        start_line=start,
        end_line=min(last, start + support.quote.count("\n")),
        quote=support.quote,
    )


@dataclass(slots=True)
class Marks:
    """Hands out marks in the order of first use; the same quote has one mark."""

    citations: list[Citation] = field(default_factory=list)

    def mark(self, support: Support) -> str:
        """The mark of this support, new or known."""
        found = cite(f"[{len(self.citations) + 1}]", support)
        for known in self.citations:
            if (known.path, known.start_line, known.quote) == (found.path, found.start_line, found.quote):
                return known.mark
        self.citations.append(found)
        return found.mark
