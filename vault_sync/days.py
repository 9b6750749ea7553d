"""When a day begins and ends here, in seconds since the epoch; also at the ends of the calendar."""

from datetime import date, datetime, timedelta

_EPOCH = date(1970, 1, 1)
_DAY = 86_400.0


def begin_of(day: date) -> float:
    """Local midnight. Where the calendar ends before the zone can be reckoned with, that of Greenwich."""
    try:
        return datetime.combine(day, datetime.min.time()).astimezone().timestamp()
    except (ValueError, OverflowError):
        return (day - _EPOCH).days * _DAY


def end_of(day: date) -> float:
    """Where the next day begins."""
    return begin_of(day + timedelta(days=1)) if day < date.max else begin_of(day) + _DAY
