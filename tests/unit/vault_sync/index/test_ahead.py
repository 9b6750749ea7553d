import threading
from collections.abc import Iterator

import pytest

from tests.effort import LONG
from vault_sync.index.ahead import ahead, helper


def test_results_come_in_order_each_with_its_item() -> None:
    with helper("test") as pool:
        assert [(item, coming.result()) for item, coming in ahead(pool, lambda n: n * n, range(9), 3)] == [
            (n, n * n) for n in range(9)
        ]


def test_work_goes_on_while_a_result_is_used_but_no_further_than_there_is_room() -> None:
    drawn: list[int] = []
    done = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for number in range(10):
            drawn.append(number)
            yield number

    def work(number: int) -> int:
        done.release()
        return number

    with helper("test") as pool:
        results = ahead(pool, work, items(), 2)
        next(results)
        assert all(done.acquire(timeout=LONG) for _ in range(3)), "two more are worked on although nobody asked"
        assert drawn == [0, 1, 2]
        next(results)
        assert drawn == [0, 1, 2, 3]


def test_items_are_drawn_in_the_thread_of_the_caller_and_worked_on_in_another() -> None:
    here = threading.get_ident()

    def items() -> Iterator[int]:
        yield threading.get_ident()

    with helper("test") as pool:
        ((drawn_in, coming),) = ahead(pool, lambda _: threading.get_ident(), items(), 1)
        assert drawn_in == here != coming.result()


def test_what_the_work_raises_comes_with_its_item() -> None:
    with helper("test") as pool:
        results = ahead(pool, lambda n: 1 // n, [1, 0, 1], 5)
        assert next(results)[1].result() == 1
        with pytest.raises(ZeroDivisionError):
            next(results)[1].result()
        assert next(results)[1].result() == 1


def test_what_waits_at_the_end_is_dropped_and_what_is_under_way_is_waited_for() -> None:
    begun, go_on = threading.Event(), threading.Event()
    seen: list[int] = []

    def work(number: int) -> None:
        begun.set()
        assert go_on.wait(LONG)
        seen.append(number)

    with pytest.raises(KeyError), helper("test") as pool:
        _, (_, second), *_ = ahead(pool, work, range(5), 3)
        second.add_done_callback(lambda dropped: go_on.set() if dropped.cancelled() else None)
        assert begun.wait(LONG)
        raise KeyError
    assert seen == [0]


def test_alone_the_work_is_done_at_once_in_the_thread_of_the_caller() -> None:
    with helper("test", alone=True) as pool:
        ((_, coming),) = ahead(pool, lambda _: threading.get_ident(), [0], 1)
        assert coming.result() == threading.get_ident()
        ((_, failed),) = ahead(pool, lambda n: 1 // n, [0], 1)
        with pytest.raises(ZeroDivisionError):
            failed.result()
