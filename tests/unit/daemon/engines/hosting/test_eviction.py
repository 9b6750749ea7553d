import math
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.hosting.eviction import Newcomer, Resident, Steps, in_order, leavers, settle


def resident(name: str, size: int = 10, **told: float) -> Resident:
    values: dict[str, float] = {"since": 0.0, "used": 0.0, "stays": 20.0, **told}
    return Resident(name, {"card": size}, **values)  # type: ignore[arg-type]


def newcomer(name: str, size: int = 10, since: float = 0.0, *, bulk: bool = False) -> Newcomer:
    return Newcomer(name, {"card": size}, since, 60.0, bulk)


def test_who_fits_is_loaded_and_nobody_leaves() -> None:
    assert settle([newcomer("b")], [resident("a")], {"card": 10}, 100) == Steps(("b",))


def test_the_longest_unused_leaves_first() -> None:
    old, recent = resident("old", used=5), resident("recent", used=50)
    assert settle([newcomer("b", since=100)], [recent, old], {"card": 0}, 100).leave == ("old",)


def test_an_idle_one_leaves_before_one_that_answers_though_it_was_used_later() -> None:
    busy, idle = resident("busy", used=5, running=1), resident("idle", used=50)
    assert settle([newcomer("b", since=100)], [busy, idle], {"card": 0}, 100).leave == ("idle",)


def test_one_that_answers_is_drained_where_nobody_else_is_enough() -> None:
    assert settle([newcomer("b", since=100)], [resident("busy", running=2)], {"card": 0}, 100).leave == ("busy",)


def test_a_young_one_stays_until_it_is_old_enough() -> None:
    young = resident("young", since=95)
    assert settle([newcomer("b", since=100)], [young], {"card": 0}, 100) == Steps(again=115)
    assert settle([newcomer("b", since=100)], [young], {"card": 0}, 115).leave == ("young",)


def test_a_long_wait_ends_a_long_minimum() -> None:
    stubborn = resident("stubborn", since=95, stays=1000)
    assert settle([newcomer("b", since=100)], [stubborn], {"card": 0}, 100).again == 160
    assert settle([newcomer("b", since=100)], [stubborn], {"card": 0}, 160).leave == ("stubborn",)


def test_who_waited_before_another_was_loaded_lets_that_one_have_its_time() -> None:
    stubborn = resident("stubborn", since=95, stays=1000)
    assert settle([newcomer("b", since=0)], [stubborn], {"card": 0}, 100) == Steps(again=155)


def test_bulk_work_drains_nobody_before_its_time() -> None:
    busy = resident("busy", running=1)
    assert settle([newcomer("b", since=100, bulk=True)], [busy], {"card": 0}, 101).leave == ()
    assert settle([newcomer("b", since=100, bulk=True)], [busy], {"card": 0}, 160).leave == ("busy",)


def test_bulk_work_stands_behind_until_it_has_waited_its_time() -> None:
    bulk, asked = newcomer("bulk", since=10, bulk=True), newcomer("asked", since=20)
    assert [each.name for each in in_order([bulk, asked], 30)] == ["asked", "bulk"]
    assert [each.name for each in in_order([bulk, asked], 70)] == ["bulk", "asked"]


def test_nobody_leaves_in_vain() -> None:
    assert leavers(newcomer("b", 30), [resident("a"), resident("c", since=95)], {"card": 20}, 100) == []


def test_no_more_leave_than_are_needed() -> None:
    small, large = resident("small", 2, used=1), resident("large", 10, used=2)
    assert settle([newcomer("b", 10, since=100)], [small, large], {"card": 0}, 100).leave == ("large",)


def test_room_that_one_waits_for_is_not_given_to_the_next() -> None:
    busy = resident("busy", running=1)
    steps = settle([newcomer("first", 15, since=90), newcomer("second", 5, since=91)], [busy], {"card": 5}, 100)
    assert steps == Steps(leave=("busy",))


def test_who_needs_another_card_does_not_stand_behind() -> None:
    other = Newcomer("other", {"second": 5}, 95, 60)
    steps = settle([newcomer("first", since=90), other], [resident("busy", running=1)], {"card": 0, "second": 5}, 100)
    assert steps == Steps(("other",), ("busy",))


def test_nobody_asks_and_it_leaves() -> None:
    resting, working = resident("resting", used=10, idle=30), resident("working", used=10, idle=30, running=1)
    assert settle([], [resting, working], {"card": 0}, 39) == Steps(again=40)
    assert settle([], [resting, working], {"card": 0}, 40) == Steps(leave=("resting",))


STAYS, PATIENCE, CAPACITY = 20.0, 30.0, 10


@dataclass(slots=True)
class Machine:
    """One card, engines of given sizes, and a clock that goes on by events: requests come, answers end."""

    sizes: dict[str, int]
    now: float = 0.0
    residents: dict[str, Resident] = field(default_factory=dict)
    waiting: list[tuple[str, float, float, bool]] = field(default_factory=list)
    ends: list[tuple[float, str]] = field(default_factory=list)
    leaving: tuple[str, ...] = ()
    waits: list[tuple[str, float, int]] = field(default_factory=list)
    stayed: list[float] = field(default_factory=list)

    def ask(self, name: str, seconds: float, *, bulk: bool) -> None:
        self.waiting.append((name, self.now, seconds, bulk))
        self.look()

    def until(self, moment: float) -> None:
        """Let happen what happens before `moment`."""
        while (at := min(self.look(), *(end for end, _ in self.ends), math.inf)) <= moment and at < math.inf:
            self.now = at
            self.end_answers()
        self.now = moment if moment < math.inf else self.now

    def end_answers(self) -> None:
        for end, name in [each for each in self.ends if each[0] <= self.now]:
            self.ends.remove((end, name))
            self.residents[name] = replace(
                self.residents[name], running=self.residents[name].running - 1, used=self.now
            )

    def look(self) -> float:
        while True:
            self.admit()
            asked = {
                name: (since, bulk) for name, since, _, bulk in reversed(self.waiting) if name not in self.residents
            }
            comers = [Newcomer(n, {"card": self.sizes[n]}, s, PATIENCE, b) for n, (s, b) in asked.items()]
            held = sum(self.sizes[name] for name in self.residents)
            assert held <= CAPACITY
            steps = settle(comers, list(self.residents.values()), {"card": CAPACITY - held}, self.now)
            self.leaving = steps.leave
            gone = [name for name in steps.leave if not self.residents[name].running]
            for name in gone:
                self.stayed.append(self.now - self.residents.pop(name).since)
            for name in steps.load:
                self.residents[name] = Resident(name, {"card": self.sizes[name]}, self.now, self.now, stays=STAYS)
            if not gone and not steps.load:
                return steps.again

    def admit(self) -> None:
        for name, since, seconds, bulk in self.waiting.copy():
            if name in self.residents and name not in self.leaving:
                self.waiting.remove((name, since, seconds, bulk))
                ahead = len({other for other, at, *_ in self.waiting if at <= since and other != name})
                self.waits.append((name, self.now - since, ahead))
                here = self.residents[name]
                self.residents[name] = replace(here, running=here.running + 1, used=self.now)
                self.ends.append((self.now + seconds, name))


REQUESTS = st.lists(
    st.tuples(st.floats(0, 40), st.sampled_from("abc"), st.floats(0, 15), st.booleans()), min_size=1, max_size=40
)
SIZES = st.fixed_dictionaries({name: st.integers(1, CAPACITY) for name in "abc"})


@given(SIZES, REQUESTS)
def test_all_are_served_nobody_is_cut_off_and_nobody_is_pushed_out_young(
    sizes: dict[str, int], requests: list[tuple[float, str, float, bool]]
) -> None:
    machine = Machine(sizes)
    for gap, name, seconds, bulk in requests:
        machine.until(machine.now + gap)
        machine.ask(name, seconds, bulk=bulk)
    machine.until(math.inf)
    assert len(machine.waits) == len(requests) and not machine.waiting
    assert all(seconds >= min(STAYS, PATIENCE) - 1e-6 for seconds in machine.stayed), "two engines would thrash"
    # at most two others of three are before it, each with its time and its longest answer, and the one it finds there
    assert all(wait <= 3 * (PATIENCE + 15) + 1e-6 for _, wait, _ in machine.waits)


@given(REQUESTS)
def test_of_two_engines_each_waits_for_the_other_s_time_and_answer_only(
    requests: list[tuple[float, str, float, bool]],
) -> None:
    machine = Machine({"a": CAPACITY, "b": CAPACITY})
    for gap, name, seconds, bulk in requests:
        machine.until(machine.now + gap)
        machine.ask("ab"["bc".count(name)], seconds, bulk=bulk)
    machine.until(math.inf)
    assert all(wait <= 2 * (PATIENCE + 15) + 1e-6 for _, wait, _ in machine.waits)
