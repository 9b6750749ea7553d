"""How many things an English word may mean, by WordNet: “printer” three, “migraine” one, and “rootkit” is in no
dictionary. Its licence stands in the file.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from agents.mention.english import singulars

_FILE = Path(__file__).with_name("english_senses.txt")


def meanings(word: str) -> int:
    """The meanings of a folded word, of a plural those of its singular: 1 where it has one or is unknown, 7 at most."""
    known = _known()
    return max(known.get(each, 1) for each in (word, *singulars(word)))


@cache
def _known() -> Mapping[str, int]:
    found: dict[str, int] = {}
    count = 1
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            count = int(line.strip("[]"))
        elif not line.startswith("#"):
            found.update(dict.fromkeys(line.split(), count))
    return found
