"""What holds of fusion for any two lanes."""

from hypothesis import given
from hypothesis import strategies as st

from vault_sync.fusion import DEPTH, fuse

_SCORE = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@st.composite
def lanes(draw: st.DrawFn) -> list[tuple[int, float]]:
    """Hits as a lane gives them: each occurrence once, best first, ties by id."""
    found = draw(st.dictionaries(st.integers(0, 300), _SCORE, max_size=150))
    return sorted(found.items(), key=lambda hit: (-hit[1], hit[0]))


@given(lanes(), lanes(), st.floats(0, 1))
def test_fusion_ranks_exactly_what_the_lanes_matched(
    lexical: list[tuple[int, float]], dense: list[tuple[int, float]], weight: float
) -> None:
    fused = fuse(lexical, dense, weight)
    matched = {i for i, _ in lexical[:DEPTH]} | {i for i, _ in dense[:DEPTH]}
    assert fused == sorted(fused, key=lambda hit: (-hit.score, hit.occurrence))
    assert {hit.occurrence for hit in fused} == matched
    assert len(fused) == len(matched)
    assert all(0 <= hit.score <= 1 + 1e-9 for hit in fused)


@given(lanes(), lanes())
def test_ranks_are_the_lanes_own(lexical: list[tuple[int, float]], dense: list[tuple[int, float]]) -> None:
    fused = {hit.occurrence: hit for hit in fuse(lexical, dense)}
    for rank, (occurrence, _) in enumerate(lexical[:DEPTH], start=1):
        assert fused[occurrence].lexical_rank == rank
    for rank, (occurrence, _) in enumerate(dense[:DEPTH], start=1):
        assert fused[occurrence].dense_rank == rank


@given(lanes(), lanes())
def test_without_weight_a_lane_changes_nothing(
    lexical: list[tuple[int, float]], dense: list[tuple[int, float]]
) -> None:
    alone = {hit.occurrence: hit.score for hit in fuse([], dense, 0.0)}
    both = fuse(lexical, dense, 0.0)
    assert {hit.occurrence: hit.score for hit in both if hit.dense_rank} == alone
    assert all(hit.score == 0 for hit in both if not hit.dense_rank)


@given(lanes(), lanes())
def test_the_scale_of_a_lane_does_not_matter(lexical: list[tuple[int, float]], dense: list[tuple[int, float]]) -> None:
    whole = [(i, float(round(score))) for i, score in lexical]
    moved = [(i, score * 2 + 64) for i, score in whole]
    first, second = fuse(whole, dense), fuse(moved, dense)
    assert {h.occurrence: round(h.score, 9) for h in first} == {h.occurrence: round(h.score, 9) for h in second}
