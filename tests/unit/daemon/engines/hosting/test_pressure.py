from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.hosting.placement import MIB
from daemon.engines.hosting.pressure import Pressure, Reading

GIB = 1024 * MIB
OURS = frozenset({"planner"})


def reading(free: float, ours: float = 60, names: frozenset[str] = OURS) -> Reading:
    return Reading(80 * GIB, int(free * GIB), int(ours * GIB), names)


def test_a_card_that_our_own_engines_fill_is_no_pressure() -> None:
    assert not Pressure().after(reading(0.1, 78)).after(reading(0.1, 78)).on


def test_it_begins_when_another_program_takes_what_was_left_and_ends_when_it_gives_back() -> None:
    calm = Pressure().after(reading(19))
    assert not calm.after(reading(10)).on
    pressed = calm.after(reading(1))
    assert pressed.on and pressed.after(reading(2)).on
    assert not pressed.after(reading(19)).on


def test_what_leaves_meanwhile_does_not_end_it_before_there_is_room_for_it() -> None:
    pressed = Pressure().after(reading(19)).after(reading(1))
    gone = pressed.after(reading(61, 0, frozenset()))
    assert gone.on
    assert not gone.after(reading(64, 0, frozenset())).on


def test_another_engine_on_the_card_begins_a_new_comparison() -> None:
    both = Pressure().after(reading(30, 49)).after(reading(0.2, 60, frozenset({"planner", "coder"})))
    assert not both.on


@given(st.lists(st.floats(0, 20), min_size=1, max_size=20))
def test_others_that_go_always_end_it(free: list[float]) -> None:
    state = Pressure().after(reading(20))
    for each in free:
        state = state.after(reading(each))
    assert not state.after(reading(20)).on
