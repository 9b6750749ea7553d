"""Which of the vault's own tags a note should have. Pure: what is known of its surroundings is handed in.

The score of a tag is the chance that the note has it, by a logistic model. Its eight weights were fitted on hidden tags
of the three shared vaults; fitted on two of them and asked of the third, they ranked as well. `tests/bench/tags.py`
prints the figures for other notes of these vaults.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agents.stopwords import STOP_WORDS
from vault_sync.index.tagged import Census
from vault_sync.text import fold, stem, stems

NEAR = 12
"""Tagged neighbours that have a say."""
LEAST = 0.8
"""The chance from which a tag is proposed: 19 of 20 such tags were right."""
MOST = 3
_STEEP = 2.0
_FEW_LINKED, _FEW_IN_FOLDER = 3, 3
_LIFT = 0.15
"""A tag that nearly every note has says nothing: its chance must be this much above its share of all notes."""


_STATES = """
stub draft drafts todo to-do inbox wip done review reviewed archive archived unsorted unfinished incomplete unread read
toread to-read readlater to-review to-process processed pending seedling budding evergreen fleeting
в-работе черновик черновики доделать дописать допилить разобрать входящие готово архив заготовка заглушка набросок
прочитать проверить перечитать недописано неразобранное позже
"""
STATES = frozenset(map(fold, _STATES.split()))
"""Folded tags that say how far a note is: its owner sets them and takes them away, whatever other notes have."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of a note. Tags are folded.

    `near` holds the tags of its neighbours with their closeness (0..1), closest first; `linked` the tags of the notes
    that it links or that link it; `folder` how many of `in_folder` tagged notes beside it have a tag.
    """

    near: Sequence[tuple[float, frozenset[str]]]
    linked: Sequence[frozenset[str]]
    folder: Mapping[str, int]
    in_folder: int


@dataclass(frozen=True, slots=True)
class Words:
    """The stems of a note: of its title, of each heading, and of its text with their number."""

    title: frozenset[str]
    headings: Sequence[frozenset[str]]
    text: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TagScore:
    """A tag as the vault spells it, the chance (0..1) that the note should have it, and how many of `of` tagged
    neighbours have it.
    """

    tag: str
    score: float
    near: int
    of: int


def ranked(around: Surroundings, said: Words, known: Census, least: float = 0.0) -> list[TagScore]:
    """The tags that anything speaks for with a score of `least` or more, best first."""
    near = [(closeness, tags) for closeness, tags in around.near if tags][:NEAR]
    whole = sum(closeness**_STEEP for closeness, _ in near) or 1.0
    by_near: Counter[str] = Counter()
    shares: dict[str, float] = {}
    for closeness, tags in near:
        for tag in tags:
            by_near[tag] += 1
            shares[tag] = shares.get(tag, 0.0) + closeness**_STEEP / whole
    linked = [tags for tags in around.linked if tags]
    words = said.title.union(said.text, *said.headings)
    # Of a large vault's tags hardly any stands in the note: no more is asked of the others.
    may = (tag for tag in known.count if _name(tag) <= words)
    spoken_for = {*shares, *around.folder, *(tag for tag in may if any(_named(tag, said)))}
    found = []
    for tag in spoken_for & known.count.keys():
        cited = sum(tag in tags for tags in linked) / max(len(linked), _FEW_LINKED)
        beside = around.folder.get(tag, 0) / around.in_folder if around.in_folder >= _FEW_IN_FOLDER else 0.0
        usual = known.count[tag] / max(known.notes, 1)
        chance = _chance(shares.get(tag, 0.0), cited, beside, *_named(tag, said), usual)
        if chance >= least:
            found.append(TagScore(known.spelt[tag], chance, by_near[tag], len(near)))
    return sorted(found, key=lambda one: (-one.score, one.tag))


def _chance(
    near: float, linked: float, folder: float, title: float, heading: float, text: float, usual: float
) -> float:
    odds = 4.2 * near + 1.4 * linked + 3.9 * folder + 0.6 * title + 1.2 * heading + 1.6 * text + 0.25 * usual - 3.9
    return 1 / (1 + math.exp(-odds))


@lru_cache(maxsize=4096)
def _name(tag: str) -> frozenset[str]:
    """The stems of the last part of a tag."""
    return frozenset(stems(tag.rpartition("/")[2].replace("_", " ").replace("-", " ")))


def _named(tag: str, said: Words) -> tuple[float, float, float]:
    """Whether the last part of the tag stands in the title and in a heading, and how often in the text (0..1)."""
    name = _name(tag)
    if not name:
        return 0.0, 0.0, 0.0
    often = min(said.text.get(one, 0) for one in name)
    heading = any(name <= each for each in said.headings)
    return float(name <= said.title), float(heading), min(1.0, often / 5)


def proposed(found: Sequence[TagScore], have: frozenset[str], known: Census, refused: frozenset[str]) -> list[TagScore]:
    """The tags worth proposing to a note that has `have` (folded): few, likely, and not of every note.

    A tag above or below one that it has, or that is proposed already, is left out, and so is one that says how far a
    note is.
    """
    chosen: list[TagScore] = []
    taken = set(have)
    for one in found:
        tag = fold(one.tag)
        usual = known.count.get(tag, 0) / max(known.notes, 1)
        if len(chosen) == MOST or one.score < LEAST:
            break
        fresh = tag not in refused and not _state(tag) and not any(_akin(tag, other) for other in taken)
        if one.score - usual >= _LIFT and fresh:
            chosen.append(one)
            taken.add(tag)
    return chosen


def _state(tag: str) -> bool:
    """Whether a folded tag, or a part of it, is the state of a note."""
    return any(part.replace("_", "-") in STATES for part in tag.split("/"))


def _akin(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def new_tag(title: str, text: Mapping[str, int], known: Census) -> str:
    """A tag that the vault does not have yet: the word of the title that the text is about; empty where none is."""
    used = {part for tag in known.count for part in stems(tag.replace("/", " ").replace("_", " "))}
    best = ("", 2)
    for word in title.split():
        bare = word.strip(".,:;!?()[]«»“”\"'").casefold()
        times = text.get(stem(bare), 0)
        fresh = bare not in STOP_WORDS and bare not in STATES
        if bare.isalpha() and len(bare) > 3 and fresh and stem(bare) not in used and times > best[1]:
            best = (bare, times)
    return best[0]
