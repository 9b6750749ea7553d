"""Work that runs ahead of whoever uses its results, in one thread, a bounded number of items at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class Here(Executor):
    """Does all work at once, in the thread of the caller: for a single item, to which a thread only adds waiting."""

    def submit(self, work: Callable[..., R], /, *arguments: Any, **named: Any) -> Future[R]:
        """The result of the work, which is done when this returns."""
        done: Future[R] = Future()
        try:
            done.set_result(work(*arguments, **named))
        except Exception as error:  # noqa: BLE001 — it is raised where the result is asked for
            done.set_exception(error)
        return done


@contextmanager
def helper(name: str, *, alone: bool = False) -> Iterator[Executor]:
    """A thread for the length of a block, or with `alone` that of the caller. At its end the work under way is waited
    for, and what waits is dropped.
    """
    if alone:
        yield Here()
        return
    pool = ThreadPoolExecutor(1, thread_name_prefix=name)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def ahead(pool: Executor, work: Callable[[A], R], items: Iterable[A], room: int) -> Iterator[tuple[A, Future[R]]]:
    """Each item with the result of its work, in order, while up to `room` later ones are worked on.

    `items` are drawn in the thread of the caller.
    """
    under_way: deque[tuple[A, Future[R]]] = deque()
    for item in items:
        under_way.append((item, pool.submit(work, item)))
        if len(under_way) > room:
            yield under_way.popleft()
    while under_way:
        yield under_way.popleft()
