import asyncio

from daemon.engines.worker.watchdog import Watchdog


class Kennel:
    """A watchdog on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.bites = 0
        self.dog = Watchdog(60, self.bite, lambda: self.now)

    def bite(self) -> None:
        self.bites += 1

    def later(self, seconds: float) -> int:
        self.now += seconds
        self.dog.look()
        return self.bites


async def test_it_bites_once_nothing_has_come_for_the_whole_time() -> None:
    kennel = Kennel()
    kennel.dog.expect()
    assert kennel.later(59) == 0
    assert kennel.later(1) == 1
    assert kennel.later(1) == 1
    assert kennel.later(60) == 2


async def test_what_is_said_to_one_is_progress_for_all() -> None:
    kennel = Kennel()
    kennel.dog.expect()
    kennel.dog.expect()
    kennel.later(50)
    kennel.dog.progress()
    kennel.dog.calm()
    assert kennel.later(50) == 0


async def test_a_new_caller_gives_a_stuck_engine_no_more_time() -> None:
    kennel = Kennel()
    kennel.dog.expect()
    kennel.later(50)
    kennel.dog.expect()
    assert kennel.later(10) == 1


async def test_where_nobody_waits_nothing_is_stuck() -> None:
    kennel = Kennel()
    kennel.dog.expect()
    kennel.dog.calm()
    assert kennel.later(500) == 0
    kennel.dog.expect()
    assert kennel.later(59) == 0


def test_another_event_loop_is_watched_too() -> None:
    kennel = Kennel()

    async def wait() -> None:
        kennel.dog.expect()
        kennel.dog.calm()

    asyncio.run(wait())

    async def stall() -> int:
        kennel.dog.expect()
        timer = kennel.dog._timer
        assert timer is not None and not timer.cancelled()
        assert kennel.dog._loop is asyncio.get_running_loop()
        return kennel.later(60)

    assert asyncio.run(stall()) == 1
