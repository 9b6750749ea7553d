from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault_sync.days import begin_of, end_of


@given(st.dates())
def test_a_day_ends_where_the_next_one_begins(day: date) -> None:
    assert begin_of(day) < end_of(day)
    if day < date.max:
        assert end_of(day) == begin_of(day + timedelta(days=1))


@pytest.mark.parametrize("day", [date(1970, 1, 2), date(2026, 11, 27), date(2027, 3, 28)])
def test_a_day_begins_at_local_midnight(day: date) -> None:
    assert datetime.fromtimestamp(begin_of(day)) == datetime(day.year, day.month, day.day)
