"""How many things an English word may mean, by WordNet: “printer” three, “migraine” one, and “rootkit” is in no
dictionary. Its licence stands in the file.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from agents.mention.english import singulars

_FILE = Path(__file__).with_name("english_senses.txt")
_ONE = (1, 1)


def meanings(word: str) -> int:
    """The meanings of a folded word, of a plural those of its singular: 1 where it has one or is unknown, 7 at most."""
    return _most(word)[0]


def meanings_of_noun(word: str) -> int:
    """Those of them that it has as a noun: “avalanche” has three, and “two avalanches” can be two things only."""
    return max(1, _most(word)[1])


def _most(word: str) -> tuple[int, int]:
    known = _known()
    return max(known.get(each, _ONE) for each in (word, *singulars(word)))


@cache
def _known() -> Mapping[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    counts = _ONE
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            every, nouns = line.strip("[]").split("/")
            counts = int(every), int(nouns)
        elif not line.startswith("#"):
            found.update(dict.fromkeys(line.split(), counts))
    return found
