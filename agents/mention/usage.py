"""How usual a Russian noun is: «акция» stands in texts of any kind, and means several things; «мениск» stands where it is
meant. No open dictionary counts the meanings of Russian words, and how often a word is used tells nearly as much.

Where the figures come from, and under which licence, stands in the file.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from agents.mention.inflection import readings

SELDOM, OFTEN = 2.5, 4.0
"""The logarithm of how often a noun stands in a thousand million words: where the file's figures begin and end."""
_FILE = Path(__file__).with_name("russian_usage.txt")


def usage(word: str) -> float:
    """How usual the nouns are that a word in small letters may be a form of: `SELDOM`, also for unknown ones, to `OFTEN`."""
    known = _known()
    return max((known.get(reading.lemma, SELDOM) for reading in readings(word) if reading.noun), default=SELDOM)


@cache
def _known() -> Mapping[str, float]:
    found: dict[str, float] = {}
    figure = SELDOM
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            figure = float(line.strip("[]"))
        elif not line.startswith("#"):
            found.update(dict.fromkeys(line.split(), figure))
    return found
