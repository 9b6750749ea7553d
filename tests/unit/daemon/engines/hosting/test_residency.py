import asyncio
import threading

import pytest

from agents.errors import EngineError
from agents.ports import Priority
from daemon.engines.hosting.residency import Lease, Residency
from daemon.engines.hosting.sharing import Terms
from tests.effort import LONG
from tests.fakes.tenants import Flat


async def use(flat: Flat, residency: Residency, name: str, priority: Priority = "interactive") -> Lease:
    """A lease that is there at once, after one look."""
    task = asyncio.create_task(residency.take(name, priority))
    await asyncio.sleep(0)
    residency.look()
    lease = await asyncio.wait_for(task, LONG)
    flat.load(name)
    return lease


async def asked(residency: Residency, name: str, priority: Priority = "interactive") -> "asyncio.Task[Lease]":
    """A wish that waits."""
    task = asyncio.create_task(residency.take(name, priority))
    await asyncio.sleep(0)
    residency.look()
    await asyncio.sleep(0)
    return task


async def test_an_engine_that_is_there_is_used_without_a_look() -> None:
    flat = Flat({"a": 60})
    residency = flat.residency()
    (await use(flat, residency, "a")).release()
    calls = flat.calls
    lease = await residency.take("a", "interactive")
    lease.release()
    assert flat.calls == calls


async def test_both_stay_where_both_fit() -> None:
    flat = Flat({"a": 40, "b": 50})
    residency = flat.residency()
    for name in "abab":
        (await use(flat, residency, name)).release()
    assert flat.loaded == {"a", "b"} and not flat.unloads
    assert residency.holds() == {"a": {"CPU": 40}, "b": {"CPU": 50}}


async def test_one_makes_room_for_the_other_once_it_has_stayed_its_time() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = flat.residency()
    (await use(flat, residency, "a")).release()
    waiting = await asked(residency, "b")
    assert not waiting.done() and residency.waiting() == {"b": 1}
    assert residency.look() == 20.0
    flat.clock.now = 20.0
    residency.look()
    (await asyncio.wait_for(waiting, LONG)).release()
    assert flat.unloads == ["a"] and residency.waiting() == {}


async def test_nobody_is_unloaded_while_it_answers_and_nobody_else_is_let_in_meanwhile() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = flat.residency()
    answering = await use(flat, residency, "a")
    flat.clock.now = 30.0
    waiting = await asked(residency, "b")
    flat.clock.now = 31.0
    again = await asked(residency, "a")
    assert not waiting.done() and not again.done() and not flat.unloads
    answering.release()
    residency.look()
    lease = await asyncio.wait_for(waiting, LONG)
    flat.load("b")
    lease.release()
    assert flat.unloads == ["a"]
    flat.clock.now = 60.0
    residency.look()
    (await asyncio.wait_for(again, LONG)).release()
    assert flat.unloads == ["a", "b"]


async def test_who_is_to_leave_is_told_to_hurry() -> None:
    flat, told = Flat({"a": 60, "b": 60}), threading.Event()
    residency = flat.residency()
    (await use(flat, residency, "a")).release()
    lease = await residency.take("a", "interactive", told.set)
    flat.clock.now = 30.0
    waiting = await asked(residency, "b")
    assert told.is_set()
    lease.release()
    residency.look()
    (await asyncio.wait_for(waiting, LONG)).release()


async def test_one_that_waits_no_longer_unloads_nobody() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = flat.residency()
    (await use(flat, residency, "a")).release()
    waiting = await asked(residency, "b")
    waiting.cancel()
    await asyncio.wait([waiting])
    flat.clock.now = 100.0
    residency.look()
    assert not flat.unloads and residency.waiting() == {}


async def test_what_fits_nowhere_is_refused_by_how_much() -> None:
    flat = Flat({"a": 250})
    with pytest.raises(EngineError) as caught:
        await use(flat, flat.residency(), "a")
    assert "It needs 250 MiB on CPU, where 100 MiB are free: 150 MiB too much." in caught.value.cause


async def test_bulk_work_waits_for_memory_that_another_program_has_and_others_are_told() -> None:
    flat = Flat({"a": 60}, foreign=70)
    residency = flat.residency()
    bulk = await asked(residency, "a", "bulk")
    with pytest.raises(EngineError):
        await use(flat, residency, "a")
    assert not bulk.done()
    flat.foreign = 10
    residency.look()
    (await asyncio.wait_for(bulk, LONG)).release()


async def test_while_one_loads_another_is_not_told_that_it_never_fits() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = flat.residency()
    loading = asyncio.create_task(residency.take("a", "interactive"))
    await asyncio.sleep(0)
    residency.look()
    lease = await asyncio.wait_for(loading, LONG)
    flat.foreign = 50  # what has been loaded of it so far
    waiting = await asked(residency, "b")
    assert not waiting.done()
    flat.foreign = 0
    flat.load("a")
    lease.release()
    flat.clock.now = 30.0
    residency.look()
    (await asyncio.wait_for(waiting, LONG)).release()


async def test_an_engine_that_does_not_load_holds_nothing() -> None:
    flat = Flat({"a": 60, "b": 60}, broken={"a"})
    residency = flat.residency()
    (await use(flat, residency, "a")).release()
    (await use(flat, residency, "b")).release()
    assert residency.holds() == {"b": {"CPU": 60}}


async def test_an_engine_that_nobody_asks_leaves_after_its_time() -> None:
    flat = Flat({"a": 60}, terms=Terms(idle=300))
    residency = flat.residency()
    (await use(flat, residency, "a")).release()
    assert residency.look() == 300.0
    flat.clock.now = 200.0
    (await residency.take("a", "interactive")).release()
    flat.clock.now = 300.0
    assert residency.look() == 500.0 and not flat.unloads
    flat.clock.now = 500.0
    residency.look()
    assert flat.unloads == ["a"] and residency.holds() == {}


async def test_after_the_end_nobody_is_let_in() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = flat.residency()
    (await use(flat, residency, "a")).release()
    waiting = await asked(residency, "b")
    residency.close()
    for task in (waiting, asyncio.ensure_future(residency.take("a", "interactive"))):
        with pytest.raises(EngineError, match="gave no answer"):
            await asyncio.wait_for(task, LONG)


async def test_a_second_release_does_nothing() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = flat.residency()
    first, second = await use(flat, residency, "a"), await use(flat, residency, "a")
    first.release()
    first.release()
    flat.clock.now = 50.0
    waiting = await asked(residency, "b")
    assert not flat.unloads
    second.release()
    residency.look()
    (await asyncio.wait_for(waiting, LONG)).release()


def test_threads_have_leases_too() -> None:
    flat = Flat({"a": 60})
    residency = flat.residency()
    found: list[dict[str, dict[str, int]]] = []

    def work() -> None:
        with residency.held("a", "bulk"):
            found.append(residency.holds())

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        residency.look()
        thread.join(0.01)
    assert found == [{"a": {"CPU": 60}}]


def test_a_thread_that_waits_is_let_go_at_the_end() -> None:
    flat = Flat({"a": 60}, foreign=90)
    residency = flat.residency()
    told: list[EngineError] = []

    def work() -> None:
        try:
            with residency.held("a", "bulk"):
                raise AssertionError("there is no room")
        except EngineError as error:
            told.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        residency.look()
        residency.dismiss()
        thread.join(0.01)
    assert told[0].cause == "It is closed."


async def test_those_who_wait_are_told_when_looking_fails() -> None:
    flat = Flat({"a": 60})
    residency = flat.residency()
    task = asyncio.create_task(residency.take("a", "interactive"))
    await asyncio.sleep(0)
    residency.give_up(EngineError("Broken."))
    with pytest.raises(EngineError, match="Broken"):
        await asyncio.wait_for(task, LONG)


async def test_one_that_parts_leaves_its_room_and_who_waits_for_it_is_told() -> None:
    flat = Flat({"a": 60, "b": 60, "c": 60})
    residency = flat.residency()
    used = await use(flat, residency, "a")
    waiting, others = await asked(residency, "b"), await asked(residency, "c")
    residency.part("b")
    with pytest.raises(EngineError):
        await asyncio.wait_for(waiting, LONG)
    residency.part("a")
    flat.loaded.discard("a")
    used.release()
    residency.look()
    (await asyncio.wait_for(others, LONG)).release()
    assert not residency.knows("a") and residency.holds().keys() == {"c"} and not flat.unloads
    with pytest.raises(EngineError):
        await residency.take("a", "interactive")
