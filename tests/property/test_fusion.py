"""What holds of fusion for any two lanes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vault_sync.search.fusion import DEPTH, Hit, Lane, fuse, meant, named_first, stretched, worded

_SCORE = st.floats(min_value=0, max_value=1, allow_nan=False)


@st.composite
def hits(draw: st.DrawFn, low: float = 0, high: float = 1) -> list[Hit]:
    """Hits as a lane gives them: each occurrence once, best first, ties by id."""
    found = draw(st.dictionaries(st.integers(0, 300), st.floats(low, high, allow_nan=False), max_size=150))
    return sorted(found.items(), key=lambda hit: (-hit[1], hit[0]))


@st.composite
def lanes(draw: st.DrawFn) -> Lane:
    """A lane that also knows something of what it did not find."""
    return Lane(draw(hits()), draw(st.dictionaries(st.integers(0, 300), _SCORE, max_size=10)), draw(_SCORE))


@given(lanes(), lanes(), st.floats(0, 1))
def test_fusion_ranks_exactly_what_the_lanes_matched(lexical: Lane, dense: Lane, weight: float) -> None:
    fused = fuse(lexical, dense, weight)
    assert fused == sorted(fused, key=lambda hit: (-hit.score, hit.occurrence))
    assert {hit.occurrence for hit in fused} == lexical.ranks().keys() | dense.ranks().keys()
    assert len({hit.occurrence for hit in fused}) == len(fused)
    assert all(0 <= hit.score <= 1 + 1e-9 for hit in fused)


@given(lanes(), lanes())
def test_ranks_are_the_lanes_own(lexical: Lane, dense: Lane) -> None:
    fused = {hit.occurrence: hit for hit in fuse(lexical, dense)}
    for rank, (occurrence, _) in enumerate(lexical.hits[:DEPTH], start=1):
        assert fused[occurrence].lexical_rank == rank
    for rank, (occurrence, _) in enumerate(dense.hits[:DEPTH], start=1):
        assert fused[occurrence].dense_rank == rank


@given(lanes(), lanes())
def test_without_weight_a_lane_changes_no_order(lexical: Lane, dense: Lane) -> None:
    alone = [hit.occurrence for hit in fuse(Lane([]), dense, 0.0)]
    both = [hit.occurrence for hit in fuse(lexical, dense, 0.0) if hit.dense_rank]
    assert both == alone


@given(hits(-1e6, 1e6), hits(-1, 1), st.floats(0, 1e6), st.floats(-1, 1))
def test_any_scores_are_scaled_into_their_order(
    words: list[Hit], vectors: list[Hit], most: float, common: float
) -> None:
    for lane in (stretched(words), meant(vectors, {}, common), worded([(i, abs(s)) for i, s in vectors], {}, most)):
        assert all(0 <= score <= 1 for _, score in lane.hits)
    for lane in (stretched(words), meant(vectors, {}, common)):
        scores = [score for _, score in lane.hits]
        assert scores == sorted(scores, reverse=True)


@given(lanes(), lanes(), st.lists(st.frozensets(st.integers(0, 400), max_size=5), max_size=4))
def test_named_notes_come_first_and_nothing_is_lost(lexical: Lane, dense: Lane, named: list[frozenset[int]]) -> None:
    fused = fuse(lexical, dense)
    disjoint = [ids.difference(*named[:number]) for number, ids in enumerate(named)]
    first = named_first(fused, disjoint)
    wanted = [ids for ids in disjoint if ids]
    assert {hit.occurrence for hit in fused} <= {hit.occurrence for hit in first}
    assert len({hit.occurrence for hit in first}) == len(first)
    for hit, other in pairwise(first):
        assert hit.score >= other.score - 1e-9
    heads = {hit.occurrence for hit in first[: len(wanted)]}
    assert all(heads & ids for ids in wanted)
