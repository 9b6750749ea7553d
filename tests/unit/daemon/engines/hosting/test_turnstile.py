from concurrent.futures import ThreadPoolExecutor

import pytest

from daemon.engines.hosting.turnstile import BULK, INTERACTIVE, Turnstile


def test_urgent_ones_go_first_then_those_who_came_first() -> None:
    turnstile = Turnstile()
    turnstile.enter(BULK)
    waiting = {name: turnstile.enter(urgency) for name, urgency in [("b1", BULK), ("b2", BULK), ("i1", INTERACTIVE)]}
    order = []
    for _ in waiting:
        turnstile.leave()
        order.append(next(name for name, turn in waiting.items() if turn.done() and name not in order))
    assert order == ["i1", "b1", "b2"]


def test_who_gives_up_loses_the_place() -> None:
    turnstile = Turnstile()
    turnstile.enter(BULK)
    given_up, patient = turnstile.enter(BULK), turnstile.enter(BULK)
    assert given_up.cancel()
    assert turnstile.waiting == 1
    turnstile.leave()
    assert patient.done()


def test_one_at_a_time_in_threads() -> None:
    turnstile = Turnstile()
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(50):
            with turnstile.turn(BULK):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert max(most) == 1
    assert len(most) == 400


def test_an_error_inside_passes_the_turn_on() -> None:
    turnstile = Turnstile()
    with pytest.raises(ValueError, match="inside"), turnstile.turn(INTERACTIVE):
        raise ValueError("inside")
    assert turnstile.enter(BULK).done()
