"""Two lanes become one."""

import pytest

from vault_sync.fusion import DEPTH, LEXICAL_WEIGHT, NAME_WEIGHT, Fused, Weights, fuse, lexical_weight, scaled


def test_scores_are_scaled_to_one_and_zero() -> None:
    assert scaled([(7, 30.0), (3, 20.0), (5, 10.0)]) == {7: 1.0, 3: 0.5, 5: 0.0}


def test_equal_scores_all_count_fully() -> None:
    assert scaled([(1, 4.0), (2, 4.0)]) == {1: 1.0, 2: 1.0}


def test_only_the_first_hundred_take_part() -> None:
    hits = [(number, float(-number)) for number in range(DEPTH + 50)]
    assert len(scaled(hits)) == DEPTH
    assert {hit.occurrence for hit in fuse(hits, [])} == set(range(DEPTH))


def test_a_lane_without_hits_leaves_the_other_lane_s_order() -> None:
    dense = [(4, 0.9), (2, 0.8), (9, 0.7)]
    assert [hit.occurrence for hit in fuse([], dense)] == [4, 2, 9]
    assert [hit.occurrence for hit in fuse(dense, [])] == [4, 2, 9]


def test_what_a_lane_did_not_match_has_no_rank_there_and_gets_nothing_from_it() -> None:
    fused = fuse([(1, 5.0)], [(2, 0.9)], 0.4)
    assert fused == [Fused(2, 0.6, None, 1), Fused(1, 0.4, 1, None)]


def test_a_hit_of_both_lanes_beats_a_hit_of_one() -> None:
    fused = fuse([(1, 9.0), (2, 8.0), (3, 1.0)], [(4, 0.9), (2, 0.89), (5, 0.5)], 0.4)
    assert fused[0].occurrence == 2
    assert (fused[0].lexical_rank, fused[0].dense_rank) == (2, 2)


def test_ties_go_by_id() -> None:
    assert [hit.occurrence for hit in fuse([(9, 1.0), (3, 1.0)], [], 1.0)] == [3, 9]


@pytest.mark.parametrize(("coverage", "share"), [(0.0, 0.0), (0.2, 0.5), (0.4, 1.0), (1.0, 1.0), (-1.0, 0.0)])
def test_the_lexical_share_follows_how_much_of_the_query_was_found(coverage: float, share: float) -> None:
    assert lexical_weight(coverage) == pytest.approx(share * LEXICAL_WEIGHT)


def test_a_stray_word_of_the_query_can_not_outvote_the_other_lane() -> None:
    fused = fuse([(1, 2.0)], [(2, 0.9), (3, 0.85), (4, 0.8)], lexical_weight(0.02))
    assert [hit.occurrence for hit in fused][:2] == [2, 3]


@pytest.mark.parametrize(
    ("named", "weight"),
    [(0.0, LEXICAL_WEIGHT), (0.6, LEXICAL_WEIGHT), (0.8, 0.55), (1.0, NAME_WEIGHT), (2.0, NAME_WEIGHT)],
)
def test_a_query_that_is_a_name_belongs_to_the_lexical_lane(named: float, weight: float) -> None:
    assert lexical_weight(1.0, named) == pytest.approx(weight)


def test_a_note_found_by_its_name_beats_the_nearest_of_the_other_lane() -> None:
    assert fuse([(1, 2.0)], [(2, 0.9), (3, 0.85)], lexical_weight(1.0, 1.0))[0].occurrence == 1


@pytest.mark.parametrize("coverage", [0.0, 0.1, 1.0])
def test_a_weight_that_the_owner_fixed_does_not_follow_the_query(coverage: float) -> None:
    assert lexical_weight(coverage, weights=Weights(lexical=0.25)) == 0.25
    assert lexical_weight(coverage, 1.0, Weights(lexical=0.25)) == pytest.approx(NAME_WEIGHT)


def test_the_weight_of_names_can_be_fixed_by_itself() -> None:
    fixed = Weights(name=0.9)
    assert lexical_weight(1.0, 1.0, fixed) == pytest.approx(0.9)
    assert lexical_weight(0.2, 0.0, fixed) == lexical_weight(0.2)
