"""Mentions: phrases of a note that name other notes, and the links that they may become. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Protocol

from agents.mention.beside import beside, longer, modifies, spelled_out
from agents.mention.choice import said_beside
from agents.mention.evidence import Place
from agents.mention.form import Form, Manner, form_of
from agents.mention.habits import LEAST
from agents.mention.name import Entry, Kind, Name, edges, gap_of
from agents.mention.names import Known, Names
from agents.mention.own import Own, is_of_own_phrase, is_own_name, own_of
from agents.mention.phrases import in_phrase
from agents.mention.place import begins, defines, enumerated, header, label, line, listed
from agents.mention.prose import prose
from agents.mention.sense import UNKNOWN, Sense
from agents.mention.tokens import Token, tokens
from agents.mention.whole import closed, with_signs, within_word
from agents.mention.worth import worth
from vault_sync.notes.note import Note, Span
from vault_sync.paths import VaultPath, folder_of, title_of

__all__ = ["SURE", "Context", "Entry", "Known", "Mention", "Names", "find_mentions"]

SURE = 0.9
"""The score from which on one is written without a question, where the user chose no other."""
_KIND_ORDER: tuple[Kind, ...] = ("title", "alias", "anchor", "short", "initials", "heading")
_NEAR = 400
"""Code points behind a link within which the reader has just seen it, though another section begins."""
_AGAIN = 0.8
"""The highest score of a mention there: worth proposing, and not worth writing without a question."""
_OF_A_REPOSITORY = frozenset({"README", "CONTRIBUTING", "CHANGELOG", "CODE_OF_CONDUCT"})
_DRAWING = "excalidraw-plugin"
"""The property that makes a note a drawing."""
_AROUND = 200
"""Code points on each side whose words tell what a word means."""
_JOINABLE = re.compile(r"(?:[^\w\r\n|]|_){1,4}")
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

    def choose(self, span: Span, around: str, targets: Sequence[VaultPath]) -> VaultPath | None:
        """Which of several notes of one name is meant at the span, in the text `around` it; None where nothing decides."""
        ...

    def sense(self, span: Span, name: str, target: VaultPath) -> Sense:
        """How well the target fits what stands at the span, as if they had all their telling words in common."""
        ...

    def said(self, around: str, target: VaultPath, own: Collection[str]) -> float:
        """The cosine of the telling words of the text `around` and the target's, without the stems of the name, `own`."""
        ...


class _NoContext:
    def passages(self) -> int:
        return 0

    def share(self, word: str) -> float:
        return 0.0

    def choose(self, span: Span, around: str, targets: Sequence[VaultPath]) -> VaultPath | None:
        return None

    def sense(self, span: Span, name: str, target: VaultPath) -> Sense:
        return UNKNOWN

    def said(self, around: str, target: VaultPath, own: Collection[str]) -> float:
        return 0.0


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
    that links it already; right behind a link to it in another section nothing is sure. With `headings`, words in
    headings count too. Of two side by side the modifier is left out. Pages of a repository have none: they are
    read where links between notes do not work. Nor have drawings: their text is what a plugin keeps in it.
    """
    if title_of(note.path) in _OF_A_REPOSITORY or _DRAWING in note.frontmatter:
        return []
    words, asked = _words(note, headings), context or _NoContext()
    found = {each.span.start: each for each in _longest(_verified(note, names, words, asked))}
    if not found:
        return []
    linked, ends = _linked(note, names, once)
    own = own_of(note)

    @cache
    def scored(start: int) -> float:
        return _score(note, words, found[start], asked, own, least) if start in found else 0.0

    mentions: list[Mention] = []
    # A name of the note comes before one of its headings, wherever it stands.
    for each in sorted(found.values(), key=_turn):
        section = _section(note, each.span.start) if once == "section" else 0
        if each.name.target == note.path or (section, each.name.target) in linked:
            continue
        score = scored(each.span.start)
        if _just_said(each.span, ends[each.name.target]):
            score = min(score, _AGAIN)
        if score < least:
            continue
        if len(each.name.tokens) == 1 and modifies(note, each.span, lambda start: scored(start) >= least):
            continue
        linked.add((section, each.name.target))
        ends[each.name.target].append(each.span.end)
        mentions.append(_mention(note, names, each, score))
    return sorted(mentions, key=lambda mention: mention.span.start)


def _turn(found: _Found) -> tuple[bool, int]:
    return found.name.kind == "heading", found.span.start


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
            stands = closed(note.text, Span(span.start - lead, max(span.end, inside[-1].stop + trail)))
            if stands is not None:
                yield _Found(first, last, name, form, with_signs(note, name, stands))


def _fits(note: Note, name: Name, found: Sequence[Token]) -> Form | None:
    text = note.text
    if edges(text, found[0].start, found[-1].stop) != (name.lead, name.trail):
        return None
    gaps = tuple(gap_of(text[one.end : other.start]) for one, other in pairwise(found))
    if gaps != name.gaps or within_word(text, found, name):
        return None
    return form_of(name.tokens, found)


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
        target = said_beside(name, line(note, span), targets) or context.choose(span, _around(note, span), targets)
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


def _linked(
    note: Note, names: Known, once: str
) -> tuple[set[tuple[int, VaultPath]], defaultdict[VaultPath, list[int]]]:
    """What is linked already, by section; and where the links to each note end. What the frontmatter links, no reader
    of the text sees.
    """
    found, ends = set[tuple[int, VaultPath]](), defaultdict[VaultPath, list[int]](list)
    for link in note.links:
        unseen = link.in_managed or link.in_comment or link.span.start < note.body_start
        target = None if unseen else names.resolve(link.target, note.path)
        if target is not None:
            found.add((_section(note, link.span.start) if once == "section" else 0, target))
            ends[target].append(link.span.end)
    return found, ends


def _just_said(span: Span, ends: Sequence[int]) -> bool:
    """Whether a link to the same note stands so near in front of it that the reader has just seen it."""
    return any(0 <= span.start - end <= _NEAR for end in ends)


def _section(note: Note, offset: int) -> int:
    return sum(heading.span.start <= offset for heading in note.headings)


def _score(note: Note, words: Sequence[Token | None], each: _Found, context: Context, own: Own, least: float) -> float:
    """The score; one below `least` may be too high, for then the words that the note shares were not looked at."""
    inside = tuple(w for w in words[each.first : each.last] if w is not None)
    before, after = beside(note, words, each.first, each.last, each.span)
    place = Place(
        inside,
        before,
        after,
        begins=begins(note, each.span.start),
        longer=longer(note, inside, before, after),
        joined=note.text[each.span.end : each.span.end + 1] in ("/", "-", "‑")
        or note.text[max(0, each.span.start - 1) : each.span.start] == "/",
        hints=any(w is not None and w.folded in _HINTS for w in (before, after)),
        label=label(note, each.span) or header(note, each.span),
        listed=listed(note, each.span),
        enumerated=enumerated(note, each.span),
        defines=defines(note, each.span),
        phrase=len(inside) == 1 and in_phrase(words, each.first),
        own_name=is_own_name(own, words, each.first, each.last),
        own_phrase=is_of_own_phrase(own, words, each.first, each.last),
        same_folder=folder_of(note.path) == folder_of(each.name.target),
        share=min(context.share(word.folded) for word in inside),
        passages=context.passages(),
        sense=context.sense(each.span, each.name.text, each.name.target),
        spelled_out=each.name.kind == "initials" and spelled_out(words, each.name),
    )
    most = worth(each.name, each.form, place)
    if most < least or not place.sense.known:
        return most
    stems = {token.stem for token in each.name.tokens}
    said = context.said(_around(note, each.span), each.name.target, stems)
    return worth(each.name, each.form, replace(place, sense=replace(place.sense, words=said)))


def _around(note: Note, span: Span) -> str:
    return note.text[max(note.body_start, span.start - _AROUND) : span.end + _AROUND]


def _mention(note: Note, names: Known, each: _Found, score: float) -> Mention:
    shown = note.text[each.span.start : each.span.end]
    in_table = any(g.kind == "table" and each.span.start in g.span for g in note.groups)
    heading = each.name.heading
    link = names.written(each.name.target, note.path, heading=heading or "", text=shown, table=in_table)
    return Mention(each.span, shown, each.name.target, heading, score, each.name.kind, each.form.manner, link)
