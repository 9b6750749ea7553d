import asyncio
import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.schedule import ZONE, next_fire, trigger_for, weekdays
from tests.composed import Build
from tests.effort import LONG


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


class Said(logging.Handler):
    """Tells when something is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.set()


async def test_digests_that_can_not_be_looked_up_are_an_error_in_the_log(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    famulus, said = build(), Said()
    famulus.schedule.start()
    famulus.state.close()
    logging.getLogger("daemon.schedule").addHandler(said)
    try:
        famulus.schedule.refresh_soon()
        async with asyncio.timeout(LONG):
            await said.heard.wait()
    finally:
        logging.getLogger("daemon.schedule").removeHandler(said)
    assert "ProgrammingError" in caplog.text


@pytest.mark.parametrize(
    ("cron", "after"), [("30 2 * * *", timedelta(days=1)), ("*/15 * * * *", timedelta(minutes=15))]
)
def test_the_hour_that_comes_twice_is_left_behind(monkeypatch: pytest.MonkeyPatch, cron: str, after: timedelta) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    monkeypatch.setattr("daemon.schedule.ZONE", berlin)
    again = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1)
    fires = next_fire(cron, again)
    assert fires is not None and fires.timestamp() - again.timestamp() == after.total_seconds()


@pytest.mark.parametrize(
    ("cron", "after", "fires"),
    [
        ("0 0 * * *", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("15 0 * * mon", "2026-03-23T00:15+01:00", "2026-03-30T00:15+02:00"),
        ("30 2 * * *", "2026-03-28T02:30+01:00", "2026-03-29T03:30+02:00"),
        ("30 2 * * *", "2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"),
        ("30 2 * * *", "2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00"),
        ("30 2 * * *", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
    ],
)
def test_no_day_is_left_out_and_none_comes_twice_where_clocks_are_changed(
    monkeypatch: pytest.MonkeyPatch, cron: str, after: str, fires: str
) -> None:
    monkeypatch.setattr("daemon.schedule.ZONE", ZoneInfo("Europe/Berlin"))
    found = next_fire(cron, datetime.fromisoformat(after))
    assert found is not None and found.isoformat(timespec="minutes") == fires
    trigger = trigger_for(cron)
    last, now = datetime.fromisoformat(after), datetime.fromisoformat(after) + timedelta(seconds=2)
    assert trigger.get_next_fire_time(last, now) == found, "the schedule sees it the same"
