import threading
from concurrent.futures import CancelledError
from functools import partial

import pytest

from daemon.errands import Errands
from tests.effort import LONG


def test_jobs_are_done_in_order_by_one_thread() -> None:
    errands, done = Errands(), list[int]()

    def square(n: int) -> int:
        done.append(n)
        return n * n

    answers = [errands.ask(partial(square, n)) for n in range(5)]
    assert len(errands) == 5 and not done
    worker = threading.Thread(target=errands.do_all)
    worker.start()
    assert [answer.result(LONG) for answer in answers] == [0, 1, 4, 9, 16]
    worker.join()
    assert done == [0, 1, 2, 3, 4] and not errands


def test_an_error_is_the_answer_and_the_next_job_is_done() -> None:
    errands = Errands()
    failed, fine = errands.ask(lambda: 1 // 0), errands.ask(lambda: 5)
    errands.do_all()
    with pytest.raises(ZeroDivisionError):
        failed.result(0)
    assert fine.result(0) == 5


def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    errands, done = Errands(), list[int]()
    answer = errands.ask(lambda: done.append(1))
    assert answer.cancel()
    errands.do_all()
    assert not done


def test_what_is_refused_is_cancelled() -> None:
    errands = Errands()
    answer = errands.ask(lambda: 5)
    errands.refuse_all()
    with pytest.raises(CancelledError):
        answer.result(0)
