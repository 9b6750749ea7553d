"""Two lanes become one."""

import pytest

from vault_sync.search.fusion import (
    DEPTH,
    LEXICAL_WEIGHT,
    NAME_WEIGHT,
    Fused,
    Lane,
    Weights,
    fuse,
    lexical_weight,
    meant,
    named_first,
    stretched,
    worded,
)


def test_words_are_scaled_by_what_holding_all_of_the_query_would_score() -> None:
    lane = worded([(7, 30.0), (3, 20.0)], {9: 10.0}, 40.0)
    assert lane == Lane([(7, 0.75), (3, 0.5)], {9: 0.25})
    assert worded([(1, 50.0)], {}, 40.0).hits == [(1, 1.0)]
    assert worded([(1, 5.0)], {}, 0.0).hits == [(1, 0.0)]


def test_similarities_are_scaled_from_what_any_two_texts_have() -> None:
    lane = meant([(7, 0.9), (3, 0.8)], {9: 0.7}, 0.6)
    assert dict(lane.hits) == pytest.approx({7: 0.75, 3: 0.5})
    assert dict(lane.beside) == pytest.approx({9: 0.25})
    assert meant([(1, 0.5)], {}, 0.6).hits == [(1, 0.0)]
    assert meant([(1, 1.0)], {}, 1.0).hits == [(1, 0.0)]


def test_what_the_dense_lane_did_not_see_is_no_nearer_than_its_last_hit() -> None:
    assert meant([(7, 0.9), (3, 0.8)], {}, 0.6).unknown == pytest.approx(0.5)
    assert meant([], {}, 0.6).unknown == 0


def test_a_lane_by_itself_is_stretched_from_its_best_to_its_last_hit() -> None:
    assert stretched([(7, 30.0), (3, 20.0), (5, 10.0)]).hits == [(7, 1.0), (3, 0.5), (5, 0.0)]
    assert stretched([(1, 4.0), (2, 4.0)]).hits == [(1, 1.0), (2, 1.0)]
    assert stretched([]) == Lane([])


def test_only_the_first_hundred_take_part() -> None:
    lane = Lane([(number, 1.0 - number / 1000) for number in range(DEPTH + 50)])
    assert {hit.occurrence for hit in fuse(lane, Lane([]))} == set(range(DEPTH))


def test_a_lane_without_hits_leaves_the_other_lane_s_order() -> None:
    lane = Lane([(4, 0.9), (2, 0.8), (9, 0.7)])
    assert [hit.occurrence for hit in fuse(Lane([]), lane)] == [4, 2, 9]
    assert [hit.occurrence for hit in fuse(lane, Lane([]))] == [4, 2, 9]


def test_what_a_lane_did_not_match_has_no_rank_there_and_its_own_opinion() -> None:
    fused = fuse(Lane([(1, 0.5)]), Lane([(2, 0.75)], {1: 0.25}), 0.5)
    assert fused == [Fused(1, 0.375, 1, None), Fused(2, 0.375, None, 1)]
    assert fuse(Lane([(1, 0.5)]), Lane([(2, 0.75)], {}, 0.5), 0.5)[0] == Fused(1, 0.5, 1, None)


def test_a_hit_of_both_lanes_beats_a_hit_of_one() -> None:
    fused = fuse(Lane([(1, 0.6), (2, 0.5)]), Lane([(4, 0.6), (2, 0.5)]), 0.5)
    assert (fused[0].occurrence, fused[0].lexical_rank, fused[0].dense_rank) == (2, 2, 2)


def test_ties_go_by_id() -> None:
    assert [hit.occurrence for hit in fuse(Lane([(9, 1.0), (3, 1.0)]), Lane([]), 1.0)] == [3, 9]


def test_a_stray_word_of_the_query_can_not_outvote_the_other_lane() -> None:
    words = worded([(1, 1.5)], {}, 40.0)
    meaning = meant([(2, 0.9), (3, 0.85), (1, 0.7)], {}, 0.65)
    assert [hit.occurrence for hit in fuse(words, meaning)] == [2, 3, 1]


@pytest.mark.parametrize(
    ("named", "weight"),
    [
        (0.0, LEXICAL_WEIGHT),
        (0.6, LEXICAL_WEIGHT),
        (0.8, (LEXICAL_WEIGHT + NAME_WEIGHT) / 2),
        (1.0, NAME_WEIGHT),
        (2.0, NAME_WEIGHT),
    ],
)
def test_a_query_that_is_a_name_belongs_to_the_lexical_lane(named: float, weight: float) -> None:
    assert lexical_weight(named) == pytest.approx(weight)


def test_the_owner_may_fix_either_share() -> None:
    assert lexical_weight(0.0, Weights(lexical=0.25)) == 0.25
    assert lexical_weight(1.0, Weights(lexical=0.25)) == pytest.approx(NAME_WEIGHT)
    assert lexical_weight(1.0, Weights(name=0.9)) == pytest.approx(0.9)
    assert lexical_weight(0.2, Weights(name=0.9)) == LEXICAL_WEIGHT


def test_named_notes_come_first_by_their_best_hit() -> None:
    fused = [Fused(1, 0.9, 1, 1), Fused(5, 0.6, 2, None), Fused(6, 0.5, 3, 2), Fused(8, 0.4, None, 3)]
    first = named_first(fused, [{6, 7}, {8}])
    assert [hit.occurrence for hit in first] == [6, 8, 1, 5]
    assert [hit.score for hit in first] == [1.0, 1.0, 0.9, 0.6]
    assert first[0].lexical_rank == 3


def test_a_named_note_that_no_lane_found_comes_with_its_first_occurrence() -> None:
    assert named_first([Fused(1, 0.9, 1, 1)], [{30, 20}])[0] == Fused(20, 1.0, None, None)
    assert named_first([], [set()]) == []
