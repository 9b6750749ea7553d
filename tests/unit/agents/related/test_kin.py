"""Who is most like a note, and what two notes' words have in common, as it is when each is looked at by itself."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.related.affinity import Background, shared, weighed
from agents.related.kin import kin
from agents.related.sides import Numbering, Side, in_common, side
from vault_sync.index.records import FileStamp, NoteRecord
from vault_sync.paths import VaultPath

WORDS = ("amber", "basalt", "chalk", "dune", "ember", "flint", "gneiss", "loam")
AGAINST = Background(np.zeros(2, np.float32), {}, {}, 40, {word: 1.0 + i for i, word in enumerate(WORDS)})
OWN = ["amber", "basalt", "basalt", "loam"]

Told = tuple[float, list[str]]
NOTES = st.lists(st.tuples(st.floats(0, 3), st.lists(st.sampled_from(WORDS), max_size=9)), max_size=30)


def title(number: int) -> str:
    return WORDS[number % 8]


def made(number: int, told: Told, numbering: Numbering) -> Side:
    angle, stems = told
    path = VaultPath(f"{number:03}.md")
    stamp = FileStamp(path, 1, 1)
    record = NoteRecord(number, path, stamp, "h", title(number), "en", (), (), "", "indexed", "", "", 0.0, "")
    vectors = np.array([[np.cos(angle), np.sin(angle)]], np.float32)
    return side(record, vectors, " ".join(stems), len(stems), AGAINST, numbering)


def sides(notes: list[Told]) -> tuple[Side, list[Side]]:
    numbering = Numbering()
    others = [made(number, told, numbering) for number, told in enumerate(notes)]
    return made(500, (0.0, OWN), numbering), others


def words(number: int, stems: list[str]) -> float:
    """What the note's words have in common with those of the one that is asked about, looked up one by one."""
    mine, other = (weighed(Counter(each), [(title(n),)], AGAINST) for n, each in ((500, OWN), (number, stems)))
    return shared(mine, other)


@given(NOTES)
def test_words_in_common_are_those_of_each_pair(notes: list[Told]) -> None:
    one, others = sides(notes)
    assert in_common(one, others).tolist() == pytest.approx(
        [words(number, stems) for number, (_, stems) in enumerate(notes)], abs=1e-6
    )


@given(NOTES, st.integers(1, 6))
def test_kin_are_the_most_like(notes: list[Told], most: int) -> None:
    one, others = sides(notes)
    found = kin(one, others, most)
    like = {
        other.record.path: float(one.vector @ other.vector) + words(number, notes[number][1])
        for number, other in enumerate(others)
    }
    assume(all(abs(value) > 1e-6 for value in like.values()))
    assert len(found) == min(most, sum(value > 0 for value in like.values()))
    worst = min((like[path] for path in found), default=0.0)
    assert all(value <= worst + 1e-5 for path, value in like.items() if path not in found and value > 0)
    assert sum(found.values()) == pytest.approx(1.0 if found else 0.0)
    for path, share in found.items():
        assert share == pytest.approx(like[path] / sum(like[each] for each in found), abs=1e-5)


def test_of_equals_the_first_by_path() -> None:
    one, others = sides([(0.5, ["amber"])] * 16)
    assert list(kin(one, [others[8], others[0]], 1)) == ["000.md"]


def test_nobody_is_like_a_note_that_is_alone() -> None:
    one, _ = sides([])
    assert kin(one, []) == {} and in_common(one, []).tolist() == []
