from hypothesis import given
from hypothesis import strategies as st

from vault_sync.search.fusion import Fused
from vault_sync.search.rerank import reordered

hits = st.lists(st.floats(0, 1), max_size=30).map(
    lambda scores: [Fused(i, score, i + 1, None) for i, score in enumerate(sorted(scores, reverse=True))]
)
judged = st.dictionaries(st.integers(0, 30), st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, 1.0])), max_size=30)


@given(hits, judged)
def test_judged_hits_change_places_among_themselves(hits: list[Fused], scores: dict[int, float]) -> None:
    found = reordered(hits, scores)
    assert sorted(hit.occurrence for hit in found) == sorted(hit.occurrence for hit in hits)
    assert [hit.score for hit in found] == [hit.score for hit in hits], "scores go on falling"
    for before, after in zip(hits, found, strict=True):
        assert before.occurrence in scores or after == before, "who was not judged keeps the place"
    order = [hit.occurrence for hit in found if hit.occurrence in scores]
    assert order == sorted(order, key=lambda occurrence: (-scores[occurrence], occurrence)), "ties as they were"
