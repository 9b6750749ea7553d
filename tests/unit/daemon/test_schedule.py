from datetime import datetime

import pytest

from daemon.schedule import ZONE, next_fire, weekdays


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("*", "*"),
        ("1", "mon"),
        ("0", "sun"),
        ("7", "sun"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("5-7", "fri,sat,sun"),
        ("0,6", "sun,sat"),
        ("mon-fri", "mon-fri"),
        ("*/2", "*/2"),
        ("1-5/2", "mon,wed,fri"),
    ],
)
def test_weekdays_count_from_sunday_as_cron_does(field: str, named: str) -> None:
    assert weekdays(field) == named


def test_a_digest_of_mondays_fires_on_monday() -> None:
    fires = next_fire("0 8 * * 1", datetime(2026, 11, 24, 12, tzinfo=ZONE))
    assert fires is not None and (fires.strftime("%A"), fires.hour) == ("Monday", 8)


def test_the_next_time_is_later_than_the_moment_even_when_that_is_one() -> None:
    monday = next_fire("0 8 * * 1", datetime(2026, 11, 24, 12, tzinfo=ZONE))
    assert monday is not None
    following = next_fire("0 8 * * 1", monday)
    assert following is not None and (following - monday).days == 7


@pytest.mark.parametrize("line", ["", "monday", "0 8 * *", "0 8 * * 8", "99 8 * * 1", "0 8 * * 5-1", "0 8 * * * *"])
def test_lines_that_are_none(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        next_fire(line, datetime(2026, 11, 24, 12, tzinfo=ZONE))
