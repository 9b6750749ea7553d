"""What the lanes found becomes one list."""

import pytest

from vault_sync.search.fusion import Weights
from vault_sync.search.lanes import Lanes
from vault_sync.search.lexical import Match

WORDS = Match([(1, 10.0), (2, 4.0)], most=20.0, beside={3: 2.0})
LANES = Lanes(WORDS, [(3, 0.9), (4, 0.8)], 0.5, beside={1: 0.6, 2: 0.5}, common=0.5)


def test_each_lane_says_what_it_thinks_of_the_other_s_hits() -> None:
    scores = {hit.occurrence: hit.score for hit in LANES.fused()}
    assert scores == pytest.approx({1: 0.25 + 0.1, 2: 0.1, 3: 0.05 + 0.4, 4: 0.3})
    assert LANES.similarities == {1: 0.6, 2: 0.5, 3: 0.9, 4: 0.8}


def test_fixed_weights_order_anew() -> None:
    assert [hit.occurrence for hit in LANES.weighed(Weights(0.0, 0.0))][:2] == [3, 4]
    assert [hit.occurrence for hit in LANES.weighed(Weights(1.0, 1.0))] == [1, 2]


def test_a_note_that_is_called_by_name_comes_first_whatever_the_weights() -> None:
    lanes = Lanes(WORDS, [(3, 0.9), (4, 0.8)], 0.5, named=[{2, 9}])
    for fused in (lanes.fused(), lanes.weighed(Weights(0.0, 0.0)), lanes.weighed(Weights(1.0, 1.0))):
        assert fused[0].occurrence == 2
