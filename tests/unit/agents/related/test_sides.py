"""What is remembered of notes, and when it is read again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agents.related import sides
from agents.related.affinity import background
from agents.related.sides import Side
from tests.unit.agents.related.test_candidates import HUB, NOTES, A, B, C, Desk
from vault_sync.index.record import count_unlogged
from vault_sync.paths import VaultPath

STONES = (A, B, C, HUB)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()


def of(desk: Desk, *paths: VaultPath) -> dict[VaultPath, Side]:
    return desk.structure.sides.of(paths, desk.against)


def test_a_note_is_read_once(desk: Desk) -> None:
    first = of(desk, *STONES)
    assert set(first) == set(STONES)
    assert of(desk, *STONES) == first


def test_only_a_note_that_changed_is_read_again(desk: Desk) -> None:
    first = of(desk, *STONES)
    desk.put(A, "Amber is a resin of pines. #stone/soft")
    desk.indexer.scan()
    again = of(desk, *STONES)
    assert [path for path in STONES if again[path] is not first[path]] == [A]
    assert again[A].record.hash != first[A].record.hash


def test_a_note_that_went_or_moved_is_forgotten(desk: Desk) -> None:
    of(desk, *STONES)
    (desk.root / A).unlink()
    moved = VaultPath("Notes/Basalt rock.md")
    (desk.root / B).rename(desk.root / moved)
    desk.indexer.scan()
    found = of(desk, A, B, C, moved)
    assert set(found) == {C, moved} and found[moved].title == ("basalt", "rock")


def test_all_are_read_again_where_the_log_does_not_say_what_changed(desk: Desk) -> None:
    first = of(desk, A, B)
    with desk.ledger.database.write() as connection:
        count_unlogged(connection)
    again = of(desk, A, B)
    assert all(again[path] is not first[path] for path in (A, B))


def test_another_background_sees_them_from_another_middle(desk: Desk) -> None:
    first = of(desk, A)[A]
    desk.put("Notes/Dune.md", "Sand that the wind has heaped up, dark and fine.")
    desk.indexer.scan()
    desk.against = background(desk.ledger)
    assert not np.array_equal(of(desk, A)[A].vector, first.vector)


def test_those_that_were_read_first_make_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "MOST", 3)
    first = of(desk, A) | of(desk, B) | of(desk, C)
    assert set(of(desk, HUB)) == {HUB}
    assert of(desk, C)[C] is first[C]
    assert of(desk, A)[A] is not first[A]
    assert set(of(desk, *STONES)) == set(STONES)


def test_all_notes_are_read_ahead_while_nobody_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "_AT_ONCE", 2)
    asked: list[int] = []

    def hold() -> bool:
        asked.append(len(desk.structure.sides._known))
        return len(asked) % 2 == 1

    desk.structure.sides.warm(desk.against, hold)
    assert asked == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]
    assert set(desk.structure.sides._known) == {VaultPath(path) for path in NOTES}
