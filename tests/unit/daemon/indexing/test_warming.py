"""What the first save needs is made ahead, and gives way to whoever waits."""

import asyncio
import threading

import pytest

from daemon.courtesy import Courtesy
from daemon.indexing.warming import Hold, Warming


def test_it_waits_for_the_scan_and_makes_one_thing_after_the_other() -> None:
    made: list[str] = []
    ready = threading.Event()

    async def run() -> None:
        warming = Warming(
            [lambda hold: made.append(f"one {ready.is_set()}"), lambda hold: made.append("two")],
            ready.is_set,
            Courtesy(grace=0.0),
        )
        warming.start()
        await asyncio.sleep(0)
        assert made == []
        ready.set()
        assert warming._task is not None
        await warming._task

    asyncio.run(run())
    assert made == ["one True", "two"]


def test_it_holds_while_somebody_is_served_and_goes_on_then() -> None:
    courtesy, held, answered = Courtesy(grace=0.0), asyncio.Event(), threading.Event()

    async def run() -> list[bool]:
        loop, told = asyncio.get_running_loop(), list[bool]()

        def thing(hold: Hold) -> None:
            while hold():
                told.append(answered.is_set())
                loop.call_soon_threadsafe(held.set)

        warming = Warming([thing], lambda: True, courtesy)
        with courtesy.serving("/api/search"):
            warming.start()
            await held.wait()
            answered.set()
        assert warming._task is not None
        await warming._task
        return told

    told = asyncio.run(run())
    assert told and told[0] is False


def test_it_ends_within_a_step() -> None:
    began = threading.Event()

    def endless(hold: Hold) -> None:
        while True:
            began.set()
            hold()

    async def run() -> None:
        warming = Warming([endless], lambda: True, Courtesy())
        warming.start()
        await asyncio.to_thread(began.wait)
        await warming.stop()

    asyncio.run(run())


def test_it_ends_before_the_scan_is_done() -> None:
    async def run() -> None:
        warming = Warming([lambda hold: None], lambda: False, Courtesy())
        warming.start()
        await warming.stop()

    asyncio.run(run())


def test_what_nobody_foresaw_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def odd(hold: Hold) -> None:
        raise ZeroDivisionError

    async def run() -> None:
        warming = Warming([odd], lambda: True, Courtesy(grace=0.0))
        warming.start()
        assert warming._task is not None
        await asyncio.gather(warming._task, return_exceptions=True)

    asyncio.run(run())
    assert "ZeroDivisionError" in caplog.text
