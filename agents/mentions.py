"""Mentions: phrases of a note that name other notes, and the links that they may become. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from agents.mention.choice import said_beside
from agents.mention.form import Form, Manner, form_of
from agents.mention.name import Entry, Kind, Name, edges, gap_of
from agents.mention.names import Known, Names
from agents.mention.prose import prose
from agents.mention.tokens import Token, tokens
from agents.mention.worth import Place, worth
from vault_sync.note import Note, Span
from vault_sync.paths import VaultPath

__all__ = ["LEAST", "SURE", "Context", "Entry", "Known", "Mention", "Names", "find_mentions"]

LEAST = 0.6
"""The score from which on a mention is worth proposing."""
SURE = 0.9
"""The score from which on one is written without a question, where the user chose no other."""
_KIND_ORDER: tuple[Kind, ...] = ("title", "alias", "anchor", "short", "initials", "heading")
_BLANKS = " \t*_=~"
_JOINABLE = re.compile(r"(?:[^\w\r\n|]|_){1,4}")
_LINE_END = re.compile(r"[\r\n]")
_COLON = re.compile(r"[*_]*:[*_]*(?:\s|\Z)")
_GLUED = re.compile(r"[-‑_'’][^\W_]|[-‑]\]|[-‑]\[|[#+@&$%]\S|[=~](?![=~])\S|\]\]|\[\[")
"""How what stands right before (read backwards) or right after a word shows that it is a part of a longer one."""
_COMPOUND = re.compile(r"[A-Za-z0-9][-‑][а-яё]")
"""«Docker-образ»: a name and a word in another script."""
_LONGEST_RUN = 80
_RUN_BEFORE = re.compile(r"[^\s()\[\]<>\"'«»“”‘’`|]*\Z")
_RUN_AFTER = re.compile(r"[^\s()\[\]<>\"'«»“”‘’`|]{0,80}")
_PATHLIKE = re.compile(r"[\\_]|\w[.:]\w|/\S*/|\w/\w+\.\w|^/\w|^\.\.?/")
_STARTS = re.compile(r"(?:^|[.!?…:|]|[\r\n])[\s>*_\"'«“(\[\-+]*(?:\d+[.)]\s+)?[*_\"'«“(]*$")
_HINT_WORDS = """
language languages code library programming lang язык языка языке языком языку языки код коде кода коду
библиотека программирования
"""
_HINTS = frozenset(_HINT_WORDS.split())


class Context(Protocol):
    """What the vault knows beside its names. Everything may be unknown."""

    def passages(self) -> int:
        """How many passages there are; 0 where nobody knows."""
        ...

    def share(self, word: str) -> float:
        """The share of the passages that have this folded word in any form, 0 to 1; 0 where nobody knows."""
        ...

    def choose(self, span: Span, targets: Sequence[VaultPath]) -> VaultPath | None:
        """Which of several notes of one name is meant at the span; None where nothing decides."""
        ...


class _NoContext:
    def passages(self) -> int:
        return 0

    def share(self, word: str) -> float:
        return 0.0

    def choose(self, span: Span, targets: Sequence[VaultPath]) -> VaultPath | None:
        return None


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase at `span` that names `target` (or its `heading`), and the `link` that may stand there instead.

    `kind` says by which name, `manner` in which form of it; `score` is about how likely a careful writer would link it.
    """

    span: Span
    text: str
    target: VaultPath
    heading: str | None
    score: float
    kind: Kind
    manner: Manner
    link: str


@dataclass(frozen=True, slots=True)
class _Found:
    first: int
    last: int
    name: Name
    form: Form
    span: Span


def find_mentions(
    note: Note,
    names: Known,
    *,
    context: Context | None = None,
    headings: bool = False,
    once: str = "section",
    least: float = LEAST,
) -> list[Mention]:
    """The mentions of a note with a score of `least` or more, in the order of the text; none overlaps another.

    Of several names the longest wins. A note is linked once in a `section` (or in the whole `note`), and not where
    that links it already. With `headings`, words in headings count too.
    """
    words = _words(note, headings)
    found = _longest(_verified(note, names, words, context or _NoContext()))
    linked = _linked(note, names, once)
    mentions: list[Mention] = []
    # A name of the note comes before one of its headings, wherever it stands.
    for each in sorted(found, key=lambda f: (f.name.kind == "heading", f.span.start)):
        section = _section(note, each.span.start) if once == "section" else 0
        score = _score(note, words, each, context or _NoContext())
        if each.name.target == note.path or score < least or (section, each.name.target) in linked:
            continue
        linked.add((section, each.name.target))
        mentions.append(_mention(note, names, each, score))
    return sorted(mentions, key=lambda mention: mention.span.start)


def _words(note: Note, headings: bool) -> list[Token | None]:
    """The words of the prose; None where a name can not go on."""
    found: list[Token | None] = []
    for span in prose(note, headings=headings):
        found.append(None)
        previous: Token | None = None
        for token in tokens(note.text, span):
            if previous is not None and not _JOINABLE.fullmatch(note.text, previous.end, token.start):
                found.append(None)
            found.append(token)
            previous = token
    return found


def _verified(note: Note, names: Known, words: Sequence[Token | None], context: Context) -> Iterator[_Found]:
    for first, last, candidates in names.matches(words):
        inside = [w for w in words[first:last] if w is not None]
        span = Span(inside[0].start, inside[-1].shown)
        fitting = []
        for name in candidates:
            form = _fits(note, name, inside)
            if form is not None:
                fitting.append((name, form))
        chosen = _chosen(note, fitting, span, context)
        if chosen is not None:
            name, form = chosen
            lead, trail = len(name.lead), len(name.trail)
            stands = Span(span.start - lead, max(span.end, inside[-1].stop + trail))
            yield _Found(first, last, name, form, stands)


def _fits(note: Note, name: Name, found: Sequence[Token]) -> Form | None:
    text = note.text
    if edges(text, found[0].start, found[-1].stop) != (name.lead, name.trail):
        return None
    gaps = tuple(gap_of(text[one.end : other.start]) for one, other in pairwise(found))
    if gaps != name.gaps or _within_word(text, found, name):
        return None
    return form_of(name.tokens, found)


def _within_word(text: str, found: Sequence[Token], name: Name) -> bool:
    """Whether the words are a part of a longer word, an identifier, a path or an address."""
    start, end = found[0].start - len(name.lead), max(found[-1].end, found[-1].stop + len(name.trail))
    before, after = text[max(0, start - 2) : start][::-1], text[end : end + 2]
    if _GLUED.match(before) or (_GLUED.match(after) and not _COMPOUND.match(text, end - 1)):
        return True
    left, right = _RUN_BEFORE.search(text, max(0, start - _LONGEST_RUN), start), _RUN_AFTER.match(text, end)
    run = f"{left.group() if left else ''}x{right.group() if right else ''}"
    return _PATHLIKE.search(run.rstrip(".,;:!?*_~=").lstrip("*_~=")) is not None


def _chosen(note: Note, fitting: Sequence[tuple[Name, Form]], span: Span, context: Context) -> tuple[Name, Form] | None:
    """The name that is meant: the nearest form, then the best kind; what is still more than one needs the context."""
    if not fitting:
        return None
    best = min(_order(name, form) for name, form in fitting)
    left = [(name, form) for name, form in fitting if _order(name, form) == best]
    targets = list(dict.fromkeys(name.target for name, _ in left))
    target: VaultPath | None = targets[0]
    if len(targets) > 1:
        name = [token.folded for token in left[0][0].tokens]
        target = said_beside(name, _line(note, span), targets) or context.choose(span, targets)
    return next(((name, form) for name, form in left if name.target == target), None)


def _order(name: Name, form: Form) -> tuple[int, int]:
    """Titles and aliases are names that somebody gave; the others only follow from something."""
    given = name.kind in ("title", "alias")
    return (0 if given else 1 + _KIND_ORDER.index(name.kind), form.rank) if form.rank < 3 else (9, form.rank)


def _longest(found: Iterable[_Found]) -> list[_Found]:
    taken: set[int] = set()
    kept = []
    for each in sorted(found, key=lambda f: (f.first - f.last, f.first)):
        if not taken.intersection(range(each.first, each.last)):
            taken.update(range(each.first, each.last))
            kept.append(each)
    return kept


def _linked(note: Note, names: Known, once: str) -> set[tuple[int, VaultPath]]:
    """What is linked already, by section."""
    found = set()
    for link in note.links:
        target = None if link.in_managed or link.in_comment else names.resolve(link.target, note.path)
        if target is not None:
            found.add((_section(note, link.span.start) if once == "section" else 0, target))
    return found


def _section(note: Note, offset: int) -> int:
    return sum(heading.span.start <= offset for heading in note.headings)


def _score(note: Note, words: Sequence[Token | None], each: _Found, context: Context) -> float:
    inside = tuple(w for w in words[each.first : each.last] if w is not None)
    before, after = _beside(note, words, each)
    place = Place(
        inside,
        before,
        after,
        begins=_begins(note, each.span.start),
        longer=_longer(note, inside, before, after),
        joined=note.text[each.span.end : each.span.end + 1] in ("/", "-", "‑")
        or note.text[max(0, each.span.start - 1) : each.span.start] == "/",
        hints=any(w is not None and w.folded in _HINTS for w in (before, after)),
        label=_label(note, each.span),
        share=min(context.share(word.folded) for word in inside),
        passages=context.passages(),
        spelled_out=each.name.kind == "initials" and _spelled_out(words, each.name),
    )
    return worth(each.name, each.form, place)


def _beside(note: Note, words: Sequence[Token | None], each: _Found) -> tuple[Token | None, Token | None]:
    """The words before and after, where nothing but blanks stands between; those of a link count as any others."""
    before = words[each.first - 1] if each.first else None
    after = words[each.last] if each.last < len(words) else None
    if before is not None and note.text[before.end : each.span.start].strip(_BLANKS):
        before = None
    if after is not None and note.text[each.span.end : after.start].strip(_BLANKS):
        after = None
    return before or _of_link(note, each.span.start, -1), after or _of_link(note, each.span.end, 1)


def _of_link(note: Note, offset: int, step: int) -> Token | None:
    """The nearest word that a link right before or after the offset shows."""
    for link in note.links:
        gap = (link.span.end, offset) if step < 0 else (offset, link.span.start)
        if 0 <= gap[1] - gap[0] <= 3 and not note.text[gap[0] : gap[1]].strip(_BLANKS):
            shown = list(tokens(link.alias or link.heading or link.target.rpartition("/")[2]))
            return (shown[-1] if step < 0 else shown[0]) if shown else None
    return None


def _begins(note: Note, start: int) -> bool:
    return _STARTS.search(note.text[max(0, start - 40) : start] if start > 40 else "\n" + note.text[:start]) is not None


def _line(note: Note, span: Span) -> str:
    end = _LINE_END.search(note.text, span.end)
    return note.text[_line_start(note, span) : end.start() if end else len(note.text)]


def _line_start(note: Note, span: Span) -> int:
    return max(note.text.rfind("\n", 0, span.start), note.text.rfind("\r", 0, span.start)) + 1


def _label(note: Note, span: Span) -> bool:
    """Whether the words are all that stands before a colon at the beginning of a line."""
    start = _line_start(note, span)
    return not note.text[start : span.start].strip(" \t>*_-+") and _COLON.match(note.text, span.end) is not None


def _longer(note: Note, inside: Sequence[Token], before: Token | None, after: Token | None) -> bool:
    """Whether a capital word stands right beside, as in a longer name that is no note."""
    if not inside[0].capital:
        return False
    left = before is not None and before.capital and not _begins(note, before.start)
    return left or (after is not None and after.capital)


def _spelled_out(words: Sequence[Token | None], name: Name) -> bool:
    folded = [w.folded if w is not None else "" for w in words]
    size = len(name.whole)
    return any(tuple(folded[i : i + size]) == name.whole for i in range(len(folded) - size + 1))


def _mention(note: Note, names: Known, each: _Found, score: float) -> Mention:
    shown = note.text[each.span.start : each.span.end]
    in_table = any(g.kind == "table" and each.span.start in g.span for g in note.groups)
    heading = each.name.heading
    link = names.written(each.name.target, note.path, heading=heading or "", text=shown, table=in_table)
    return Mention(each.span, shown, each.name.target, heading, score, each.name.kind, each.form.manner, link)
