import numpy as np

from vault_sync.ports import Neighbour
from vault_sync.search.ids import ids_of
from vault_sync.search.scope import Scope


def test_everything_is_in_a_place_without_bounds() -> None:
    assert Scope().within([3, 1]) == {1, 3}
    assert Scope().lets([Neighbour(3, 0.5)]) == [(3, 0.5)]


def test_what_is_left_out_is_not_in_the_place() -> None:
    place = Scope(ids_of([1, 2, 3])).but({2}).but([3, 9])
    assert place.within([1, 2, 3, 4]) == {1}
    assert place.lets([Neighbour(2, 0.9), Neighbour(1, 0.5)]) == [(1, 0.5)]
    assert np.array_equal(place.without, [2, 3, 9])
