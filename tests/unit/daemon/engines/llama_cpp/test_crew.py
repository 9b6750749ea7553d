import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.crew import Crew
from tests.effort import LONG

CREWS = {size: Crew(size, "test") for size in (1, 2, 4)}


@given(st.sampled_from(sorted(CREWS)), st.lists(st.integers(), max_size=40), st.integers(1, 9))
def test_the_results_come_in_the_order_of_the_parts(size: int, parts: list[int], least: int) -> None:
    shares = CREWS[size].share(list, parts, least)
    assert [each for share in shares for each in share] == parts
    assert len(shares) <= size
    assert all(len(share) >= least for share in shares[:-1])


def test_the_parts_are_worked_on_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=LONG)
    crew = CREWS[4]
    assert len(crew.share(lambda parts: together.wait(), range(4), 1)) == 4


def test_what_one_raises_is_raised_once_all_have_ended() -> None:
    ended: list[int] = []

    def work(parts: Sequence[int]) -> None:
        if parts[0] in (2, 3):
            raise ValueError(parts[0])
        ended.append(parts[0])

    with pytest.raises(ValueError, match="2"):
        CREWS[4].share(work, [1, 2, 3, 4], 1)
    assert sorted(ended) == [1, 4]
    assert CREWS[4].share(list, [5, 6], 1) == [[5], [6]]
