from agents.ports import ChatDelta
from daemon.engines.hosting.tally import BOUNDS, Tally


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_tokens_a_second_are_those_of_the_last_ten() -> None:
    clock = Clock()
    tally = Tally("e", 9, clock=clock)
    turn = tally.enter("interactive")
    for _ in range(50):
        turn.heard(ChatDelta("x"))
    assert tally.tokens_a_second == 5.0
    clock.now += 9
    turn.heard(ChatDelta("x"))
    assert tally.tokens_a_second == 5.1
    clock.now += 1
    assert tally.tokens_a_second == 0.1
    clock.now += 1e6
    assert tally.tokens_a_second == 0.0


def test_the_histogram_counts_each_first_token_once() -> None:
    clock = Clock()
    tally = Tally("e", 9, clock=clock)
    for seconds in (0.004, 0.03, 3.0, 1e4):
        turn = tally.enter("save")
        clock.now += seconds
        turn.heard(ChatDelta("x"))
        clock.now += 100
        turn.heard(ChatDelta("y"))
        turn.over("answered")
    found = {bound: number for bound, number in zip((*BOUNDS, None), tally.first_tokens, strict=True) if number}
    assert found == {0.01: 1, 0.05: 1, 5.0: 1, None: 1}
    assert round(tally.first_seconds, 3) == 10003.034


def test_a_queue_that_moves_slowly_asks_for_more_patience() -> None:
    clock = Clock()
    tally = Tally("e", 2, clock=clock)
    for _ in range(20):
        turn = tally.enter("interactive")
        clock.now += 30
        turn.heard(ChatDelta("x"))
        turn.over("answered")
    assert 29 < tally._seconds_each <= 30
