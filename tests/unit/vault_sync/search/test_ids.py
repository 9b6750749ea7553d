import numpy as np
import pytest

from vault_sync.search.ids import NO_IDS, held, ids_of, places


@pytest.mark.parametrize("some", [[3, 1, 3], {1, 3}, np.array([1, 3]), (i for i in (3, 1))])
def test_ids_are_sorted_and_each_once(some: list[int]) -> None:
    assert ids_of(some).tolist() == [1, 3]
    assert ids_of(some).dtype == np.int64


def test_held_says_which_are_among_others() -> None:
    assert held(np.array([9, 2, 5, -1]), np.array([2, 4, 9])).tolist() == [True, True, False, False]
    assert held(np.array([9]), NO_IDS).tolist() == [False]
    assert held(NO_IDS, np.array([1])).tolist() == []


def test_places_say_where() -> None:
    known, where = places(np.array([9, 2, 99]), np.array([2, 4, 9]))
    assert known.tolist() == [True, True, False]
    assert where[known].tolist() == [2, 0]
