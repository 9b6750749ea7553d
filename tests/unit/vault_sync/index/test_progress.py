import pytest

from vault_sync.index.progress import Pace, coverage, in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "about 5 s left"),
        (42, "about 40 s left"),
        (100, "about 2 min left"),
        (3600, "about 60 min left"),
        (7800, "about 2 h 10 min left"),
    ],
)
def test_a_time_in_words(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words


def test_another_piece_of_work_begins_at_nothing() -> None:
    pace = Pace()
    for second in range(10):
        pace.saw(100 * second, second)
    assert pace.seconds_left(900, 9) == pytest.approx(9)
    pace.saw(0, 10)
    assert pace.seconds_left(900, 14) is None


def test_coverage_of_a_vault() -> None:
    assert coverage(200, 50) == 0.75 and coverage(0, 0) == 1
