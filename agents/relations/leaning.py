"""Which of two notes is the broader one, as far as titles, texts and tags tell: a small logistic model, to be read.

`lean` measures what speaks for the target being broader (and, negative, for the note), `likeness` what speaks for
two notes of one level. The weights come from `tests/bench/relations.py`, which prints them anew with their figures.
"""

import math
import re
from dataclasses import astuple, dataclass

from agents.relations.standing import Standing, says, unqualified
from agents.stopwords import STOP_WORDS
from vault_sync.text import fold, stem, stems, words

_GUIDES = re.compile(
    r"введение|\bintro|\boverview|\bbasics?\b|основы|обзор|\btypes of|\blist of|типы|виды|\bguide|\bindex\b|\bmoc\b"
    r"|\bmap\b|\bкарта\b",
    re.IGNORECASE,
)
_GUIDING = re.compile(
    r"\b(?:введение(?: в| во)?|основы|обзор|типы|виды|карта|intro(?:duction)?(?: to)?|overview(?: of)?|basics(?: of)?|types of"
    r"|list of|guide(?: to)?|moc|map of)\b",
    re.IGNORECASE,
)
"""What of a title says that its note is about the whole of a subject, and not which."""
_PERIODIC = re.compile(
    r"\b(?:daily|weekly|monthly|quarterly|yearly|annual)|\b(?:ежедневн|еженедельн|ежемесячн|ежегодн|квартальн|годов)\w+",
    re.IGNORECASE,
)
"""A weekly overview is one of a week."""
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[^\W\dA-Za-z_]+")
"""The parts of “LinkedHashMap”, and Cyrillic words."""
_FEWEST_LETTERS = 3
_RARE = 0.004
_SHORT = 20


@dataclass(frozen=True, slots=True)
class Leaning:
    """What makes the target the broader one, each the target's share less the note's.

    `subset`: its title's words are some of the note's, or end a word that is written together (“ArrayList”, “List”: see `kind_of`).
    `genus`: the note's definition names it as the kind that the note is of. `defined`, `mention`: it is named in the
    note's definition, or anywhere in it. `tag`: a tag of the note is its title, or lies below a tag of it.
    `commonness`, `linked_from`, `links`: logarithms of how common the words of its title are, of how many notes link
    to it, and of how many it links to. `guide`: it is called an introduction, overview or list.
    """

    subset: float
    genus: float
    defined: float
    mention: float
    tag: float
    commonness: float
    linked_from: float
    links: float
    guide: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two notes of one level have in common.

    `always` is 1. `twins`: titles of as many words, with the same first or last one. `title`, `length`,
    `commonness`: how little these differ (0 at most). `tags`: the same ones. `kind`: their definitions name the same.
    """

    always: float
    twins: float
    title: float
    length: float
    tags: float
    kind: float
    commonness: float


LEANING = Leaning(
    subset=3.34,
    genus=1.57,
    defined=0.84,
    mention=0.66,
    tag=3.66,
    commonness=0.62,
    linked_from=0.34,
    links=0.48,
    guide=1.66,
)
LIKENESS = Likeness(always=1.87, twins=0.54, title=0.91, length=0.79, tags=1.35, kind=0.49, commonness=0.75)


def lean(note: Standing, target: Standing) -> Leaning:
    """What speaks for `target` being broader than `note`; the other way round it is the same with minus signs."""
    one, other = _one_sided(note, target), _one_sided(target, note)
    return Leaning(*(a - b for a, b in zip(one, other, strict=True)))


def likeness(note: Standing, target: Standing) -> Likeness:
    """What speaks for two notes of one level; the same both ways."""
    one, other = _content(note.title), _content(target.title)
    twins = len(one) == len(other) > 1 and (one[0] == other[0] or one[-1] == other[-1])
    return Likeness(
        always=1.0,
        twins=float(twins),
        title=-float(abs(len(words(note.title)) - len(words(target.title)))),
        length=-abs(math.log(note.length + _SHORT) - math.log(target.length + _SHORT)),
        tags=float(bool(note.tags) and note.tags == target.tags),
        kind=float(bool(set(note.genus.split()) & set(target.genus.split()))),
        commonness=-abs(math.log(note.commonness + _RARE) - math.log(target.commonness + _RARE)),
    )


def odds(note: Standing, target: Standing) -> tuple[float, float]:
    """Log-odds that the target is broader (negative: narrower), and that it stands on the same level."""
    return dot(lean(note, target), LEANING), dot(likeness(note, target), LIKENESS)


def dot(measured: Leaning | Likeness, weights: Leaning | Likeness) -> float:
    """The weighted sum."""
    return float(sum(a * b for a, b in zip(astuple(measured), astuple(weights), strict=True)))


def _one_sided(note: Standing, target: Standing) -> tuple[float, ...]:
    called = [name for name in target.name_stems if len(name) > 1 or len(name[0]) > 1]
    title = set(_content(target.title))
    return (
        float((bool(title) and title < set(_content(note.title))) or kind_of(note, target)),
        float(says(note.genus, called)),
        float(says(note.definition, called)),
        float(says(note.text, called)),
        float(named_by_tag(note, target) or 0.5 * nested_tags(note, target)),
        math.log(target.commonness + _RARE),
        math.log1p(target.linked_from),
        math.log1p(len(target.links)),
        float(bool(_GUIDES.search(target.title)) and not _PERIODIC.search(target.title)),
    )


def kind_of(note: Standing, target: Standing) -> bool:
    """Whether the last word of the note's title is written together with a name of the target at its end: “ArrayList” and
    “List”. What such a name ends with is what it is a kind of.
    """
    parts = list(map(fold, _HUMPS.findall(unqualified(note.title).rpartition(" ")[2])))
    ends = {"".join(parts[place:]) for place in range(1, len(parts))}
    return any(fold(name) in ends and len(name) >= _FEWEST_LETTERS for name in (target.title, *target.names))


def subject_of(title: str) -> str:
    """What a title's note is about the whole of: “memory” of “Types of memory”, «Regex» of «Regex введение»."""
    bare = unqualified(title)
    return bare if _PERIODIC.search(bare) else _GUIDING.sub(" ", bare).strip()


def named_by_tag(note: Standing, target: Standing) -> bool:
    """Whether the note is tagged with the target's title, and the target is not tagged with its own.

    Of «C++» and «C#» one letter is left as a word, which proves nothing.
    """
    name = stems(target.title)
    return sum(map(len, name)) > 1 and _tagged(note, name) and not _tagged(target, name)


def nested_tags(note: Standing, target: Standing) -> bool:
    """Whether a tag of the target is the beginning of a tag of the note (`#db` and `#db/index`)."""
    return any(fold(mine).startswith(fold(its) + "/") for mine in note.tags for its in target.tags)


def _tagged(note: Standing, name: list[str]) -> bool:
    return any(stems(tag.replace("_", " ").replace("/", " ")) == name for tag in note.tags)


def _content(title: str) -> list[str]:
    return [stem(word) for word in words(title) if word not in STOP_WORDS]
