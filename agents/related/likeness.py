"""How likely it is that a note's owner would link it to another note. Pure.

What is known of a pair is told in a few numbers (`SIGNS`), each of which grows with the likelihood. They are weighed,
added, and read as a probability. The weights were fitted on links that were hidden in real vaults, and checked on a
vault that had no part in it (`tests.bench.related_fit`, docs/decisions/0010-related.md); they are the same for every vault.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

SIGNS: Final = {
    "meaning": "the vectors of the two point the same way, seen from the middle of all notes of their language",
    "words": "the words that tell each apart are the same",
    "named": "the words of the other's title stand in the note",
    "mentioned": "a whole name of the other stands in the note",
    "folder": "they lie in one folder, which holds few notes",
    "tags": "they share tags that few notes have",
    "habit": "notes of the one's folder link to notes of the other's",
    "kin": "notes like this one link to the other",
    "company": "the note links to others that are like it",
    "back": "it links to this note",
    "known": "many notes link to it",
}
"""What is looked at, and what each says."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign weighs, and what is added to their sum."""

    first: float
    by_sign: Mapping[str, float]

    def line(self, signs: Matrix) -> Matrix:
        """The logarithm of the odds (n,) of pairs with these signs (n, len(SIGNS))."""
        return np.asarray(self.first + signs @ np.array([self.by_sign.get(name, 0.0) for name in SIGNS]))


LINKED = Weights(
    -7.30,
    {
        "meaning": 1.89,
        "words": 1.30,
        "named": 0.75,
        "mentioned": 0.58,
        "tags": 0.21,
        "habit": 0.54,
        "kin": 6.24,
        "company": 2.17,
        "back": 1.09,
        "known": 0.09,
    },
)
"""Where links say what their owner is used to."""
CONTENT = Weights(
    -7.08,
    {"meaning": 3.03, "words": 0.79, "named": 1.37, "mentioned": 0.49, "folder": 2.30, "tags": 0.38},
)
"""By what the notes say and where they lie alone."""
UNLINKED = Weights(0.0, {"meaning": 2.59, "named": 1.63, "mentioned": 1.63, "folder": 2.09, "tags": 0.57})
"""The content where nobody has linked anything. Only how far a note stands out from the others by it is read, so that
vaults without folders or titles, in which all pairs have less in common, are measured by themselves. Words gave nothing."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What a note has in common with its candidates on the whole, by `UNLINKED`: the mean, and the spread around it."""

    mean: float
    spread: float

    def apart(self, line: Matrix) -> Matrix:
        """How many spreads (n,) lie between these and the mean."""
        return (line - self.mean) / self.spread


_ELSEWHERE: Final = Usual(0.75, 0.85)
"""Of a candidate in the vaults that the weights were fitted on."""
_ELSEWHERE_NOTES = 4
"""So many candidates of other vaults are thought beside those of a note, for a few say nothing of what is usual."""
APART, AN_APART = -4.53, 0.86
"""The logarithm of the odds that a note like the others is linked, and what is added for each spread it stands out."""
LESS = 0.77
"""What is taken from these, so that one score does for all vaults: where no link is made yet, all are likelier than where
some are, and by the chance alone a list would be twice as long."""


def usual(signs: Matrix, weights: Weights = UNLINKED) -> Usual:
    """What is usual among all candidates of a note, which have these signs (n, len(SIGNS))."""
    line, beside = weights.line(signs), _ELSEWHERE_NOTES
    many = len(line) + beside
    mean = (float(line.sum()) + beside * _ELSEWHERE.mean) / many
    squares = float(((line - mean) ** 2).sum()) + beside * (_ELSEWHERE.spread**2 + (_ELSEWHERE.mean - mean) ** 2)
    return Usual(mean, math.sqrt(squares / many))


_HIDDEN = 5
"""The weights are those of one link in so many that was hidden; where nobody has linked yet, all are still to be found."""
_HARDLY_LINKS, _MANY_LINKS = 0.1, 0.5
"""Links a note below which a vault is one that nobody has linked yet, and from which on it is one whose owner links."""
_ABSOLUTE, _FEW_NOTES, _MANY_NOTES = 25, 50, 200
"""In a smaller vault a pair is likelier to belong together, for a note has as many links in it as in a large one; but
where there are hardly any notes, not every other one is related. Up to the first number there are too few to say what
is usual among them."""


def probability(
    signs: Matrix,
    notes: int,
    links: int,
    linked: Weights = LINKED,
    content: Weights = CONTENT,
    among: Usual | None = None,
) -> Matrix:
    """How likely (n, 0..1) it is that pairs with these signs (n, len(SIGNS)) would be linked in a vault of so many
    notes and links: by all signs, or by the content alone where that says more. Where there are hardly any links, it counts
    how far a note stands out `among` all candidates (None: these are all)."""
    unlinked = max(0.0, 1 - links / max(1, notes) / _MANY_LINKS)
    small = math.log(max(1.0, _MANY_NOTES / max(_FEW_NOTES, notes)))
    line = np.maximum(linked.line(signs), content.line(signs) + math.log(1 + (_HIDDEN - 1) * unlinked)) + small
    relative = _relative(notes, links)
    if relative:
        apart = (among or usual(signs)).apart(UNLINKED.line(signs))
        line = (1 - relative) * line + relative * (APART - LESS + AN_APART * apart)
    return np.asarray(1 / (1 + np.exp(-line)))


def _relative(notes: int, links: int) -> float:
    """How much (0..1) it counts how far a note stands out: all in a vault with next to no links, nothing in one with some."""
    unlinked = 2 * (1 - links / max(1, notes) / _HARDLY_LINKS)
    return min(1.0, max(0.0, unlinked)) * comparable(notes)


def comparable(notes: int) -> float:
    """How much (0..1) it says in a vault of so many notes what is usual among them."""
    return min(1.0, max(0.0, (notes - _ABSOLUTE) / (_FEW_NOTES - _ABSOLUTE)))


_MEANING, _WORDS, _MENTIONED, _BACK = map(list(SIGNS).index, ("meaning", "words", "mentioned", "back"))
_TELLING = 0.6
"""From which on a name that stands in the note ties the two: that of a thing, and no word that many notes have."""


def outstanding(signs: Matrix) -> Matrix:
    """By how many spreads (n,) each stands out among all of them by its meaning or by its words.

    Without end where a text ties the two: it links to this note, or a telling name of it stands here.
    """
    if not len(signs):
        return np.zeros(0)
    said = signs[:, [_MEANING, _WORDS]]
    spread = said.std(axis=0)
    apart = (said - said.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    tied = (signs[:, _BACK] > 0) | (signs[:, _MENTIONED] >= _TELLING)
    return np.where(tied, np.inf, apart.max(axis=1))
