"""Whether a passage speaks of what a note is about: by the words that both have, and by their vectors.

“Mouse” is a note of computer hardware; what ate the crackers is another mouse. Nothing in the word tells them apart,
but the words around it do, and so does the vector of the passage, compared with how near it is to any note of the vault.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock

from agents.mention.capitals import Capitals
from agents.related.affinity import Background, Topic, content, mean_vector, weighed
from agents.related.sample import Sample
from vault_sync.index.ledger import Ledger
from vault_sync.paths import VaultPath, folder_of
from vault_sync.ports import Vectors

_CHUNKS = 8
_KEPT = 2_000
_FEWEST_LETTERS = 20
"""A note with less text does not say what it is about."""
_BEGINNING = 300
"""Code points in which a list of meanings says that it is one."""
_APART = re.compile(
    r"\bmay (?:also )?refer to\b|\bdisambiguation\b|\bможет (?:также )?(?:означать|обозначать)\b",
    re.IGNORECASE,
)
_APART_IN_PATH = re.compile(r"\bdisambiguation\b|\(значения\)", re.IGNORECASE)
_FEWEST_NOTES = 20
"""Of fewer notes nobody can say how near a passage is to any of them."""


@dataclass(frozen=True, slots=True)
class Sense:
    """How well a note fits a passage. Everything may be unknown.

    `words` is the cosine of their telling words, 0 to 1. `nearness` says by how many standard deviations the note is
    nearer to the passage than the notes of the vault are, None where there are no vectors; the passage has `length`
    code points. `capitals` is how the note writes its own name.
    """

    known: bool = False
    words: float = 0.0
    nearness: float | None = None
    length: int = 0
    capitals: Capitals = "unknown"
    apart: bool = False
    """The note only tells the meanings of its name apart."""
    told: bool = True
    """Whether the note has a text that says what it is about."""


UNKNOWN = Sense()


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a note is about: the telling stems of its text, its vector (d,) as seen from the middle of its language."""

    topic: Topic
    seen: Vectors | None
    text: str
    apart: bool
    """Whether it only tells the meanings of its name apart."""
    told: bool
    """Whether it has a text that says what it is about."""


class Portraits:
    """The portraits of notes that were asked for, kept while their notes do not change. Safe to call in threads."""

    def __init__(self, ledger: Ledger, sample: Sample) -> None:
        """`sample` gives the vault's background."""
        self._ledger = ledger
        self._sample = sample
        self._kept: OrderedDict[VaultPath, tuple[str, Background, Portrait]] = OrderedDict()
        self._lock = Lock()

    def against(self) -> Background:
        """The vault's background as it is now."""
        return self._sample.current()

    def of(self, path: VaultPath, against: Background) -> Portrait | None:
        """What the note is about, compared with the rest of its vault; None where it is not indexed."""
        record = self._ledger.note(path)
        if record is None:
            return None
        with self._lock:
            known = self._kept.get(path)
            if known and known[0] == record.hash and known[1] is against:
                self._kept.move_to_end(path)
                return known[2]
        chunks = self._ledger.occurrences_of(path)[:_CHUNKS]
        text = "\n".join(chunk.text for chunk in chunks)
        names = [content(record.title), content(folder_of(path)), *map(content, record.aliases)]
        vectors = self._ledger.embedded([chunk.id for chunk in chunks])[1]
        told = len(text) >= _FEWEST_LETTERS
        seen = against.seen(mean_vector(vectors), record.language) if told and len(vectors) else None
        topic, apart = weighed(Counter(content(text)), names, against), tells_apart(path, text)
        portrait = Portrait(topic, seen, text, apart, told)
        with self._lock:
            self._kept[path] = record.hash, against, portrait
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return portrait


def tells_apart(path: VaultPath, text: str) -> bool:
    """Whether a note only tells the meanings of its name apart: nobody who says the word means that list."""
    return _APART.search(text, 0, _BEGINNING) is not None or _APART_IN_PATH.search(path) is not None


def overlap(around: str, own: Collection[str], topic: Topic, against: Background) -> float:
    """The cosine of the words `around` a mention and a note's topic, both without the stems of the name, `own`."""
    here = weighed(Counter(found for found in content(around) if found not in own), (), against)
    left = sum(weight * weight for s, weight in topic.items() if s not in own)
    shared = sum(weight * topic.get(s, 0.0) for s, weight in here.items())
    return shared / left**0.5 if left else 0.0


def nearness(here: Vectors, there: Vectors, others: Vectors) -> float | None:
    """By how many standard deviations `there` (d,) is nearer to `here` (d,) than the `others` (n, d) are.

    All are seen from the middle and normalised. None where the others are too few.
    """
    if len(others) < _FEWEST_NOTES:
        return None
    cosines = others @ here
    spread = float(cosines.std())
    return (float(here @ there) - float(cosines.mean())) / spread if spread else None
