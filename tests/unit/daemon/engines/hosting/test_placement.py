from operator import attrgetter

from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.hosting.footprint import CARD_OVERHEAD, Footprint, Run, footprint, stated
from daemon.engines.hosting.placement import (
    MAIN,
    Device,
    Placed,
    Refused,
    Wish,
    capped,
    fits,
    options,
    place,
    plan,
    room,
    taken,
)
from daemon.engines.hosting.shape import shape_of
from tests.fakes.headers import gpt_oss_120b, qwen3_coder_30b, qwen3_embedding_8b

GIB = 1 << 30
CPU = Device("CPU", "cpu", MAIN, 64 * GIB, 60 * GIB)
BIG = Device("CUDA0", "nvidia", "0000:01:00.0", 96 * GIB, 94 * GIB)
SMALL = Device("Vulkan1", "amd", "0000:02:00.0", 16 * GIB, 15 * GIB)
REFERENCE = [CPU, BIG, SMALL]


def card(name: str, free: int, maker: str = "nvidia") -> Device:
    return Device(name, maker, name, free, free)


def layers(count: int, each: int) -> Footprint:
    return Footprint(layers=(each,) * count, kept=GIB, output=each, output_on_host=each, compute=GIB)


def placed(found: Placed | Refused) -> Placed:
    assert isinstance(found, Placed)
    return found


def refused(found: Placed | Refused) -> Refused:
    assert isinstance(found, Refused)
    return found


def test_without_wishes_for_a_card_a_model_lies_in_main_memory() -> None:
    made = layers(4, GIB)
    assert place(Wish("a", made), REFERENCE, room(REFERENCE)) == Placed("a", {MAIN: 7 * GIB}, {})


def test_the_card_with_most_room_is_taken() -> None:
    found = placed(place(Wish("a", layers(4, GIB), pieces=99), REFERENCE, room(REFERENCE)))
    assert found.split == {"CUDA0": 5}
    assert found.shares == {BIG.card: 6 * GIB + CARD_OVERHEAD, MAIN: GIB}


def test_a_named_card_is_taken_though_another_has_more_room() -> None:
    found = placed(place(Wish("a", layers(4, GIB), ("Vulkan1",), 99), REFERENCE, room(REFERENCE)))
    assert found.split == {"Vulkan1": 5}


def test_cards_of_one_maker_share_a_model_that_none_has_room_for() -> None:
    cards = [CPU, card("CUDA0", 10 * GIB), card("CUDA1", 10 * GIB), card("ROCm0", 12 * GIB, "amd")]
    found = placed(place(Wish("a", layers(14, GIB), pieces=99), cards, room(cards)))
    assert found.split == {"CUDA0": 8, "CUDA1": 7}


def test_cards_of_two_makers_share_one_only_where_both_are_named() -> None:
    cards = [CPU, card("CUDA0", 10 * GIB), card("ROCm0", 10 * GIB, "amd")]
    assert refused(place(Wish("a", layers(14, GIB), pieces=99), cards, room(cards))).missing == 6 * GIB + CARD_OVERHEAD
    found = placed(place(Wish("a", layers(14, GIB), ("ROCm0", "CUDA0"), 99), cards, room(cards)))
    assert found.split == {"ROCm0": 8, "CUDA0": 7}


def test_as_many_pieces_as_fit_where_that_is_asked_for() -> None:
    cards = [CPU, card("CUDA0", 10 * GIB)]
    found = placed(place(Wish("a", layers(20, GIB), pieces=-1), cards, room(cards)))
    assert found.split == {"CUDA0": 8}
    assert found.shares[MAIN] == (13 + 1 + 1) * GIB


def test_vllm_takes_an_even_part_of_each_card_that_it_is_given() -> None:
    cards = [CPU, card("CUDA0", 10 * GIB), card("CUDA1", 12 * GIB)]
    wish = Wish("a", stated(18 * GIB, 2), ("CUDA0", "CUDA1"), 3, even=True)
    found = placed(place(wish, cards, room(cards)))
    assert found.shares == {"CUDA0": 9 * GIB + CARD_OVERHEAD, "CUDA1": 9 * GIB + CARD_OVERHEAD, MAIN: 0}
    full = [CPU, card("CUDA0", 9 * GIB), card("CUDA1", 12 * GIB)]
    assert refused(place(wish, full, room(full))).card == "CUDA0"


def test_vllm_takes_nothing_of_cards_that_it_has_no_part_for() -> None:
    cards = [CPU, *(card(f"CUDA{number}", 20 * GIB) for number in range(4))]
    for parts, named in ((1, 2), (1, 3), (2, 4)):
        names = tuple(f"CUDA{number}" for number in range(named))
        found = placed(place(Wish("a", stated(18 * GIB, parts), names, parts + 1, even=True), cards, room(cards)))
        size = 18 * GIB // parts + CARD_OVERHEAD
        assert found.shares == {f"CUDA{number}": size for number in range(parts)} | {MAIN: 0}


def test_an_unknown_device_is_refused_by_its_name() -> None:
    assert refused(place(Wish("a", layers(1, 1), ("CUDA7",), 99), REFERENCE, room(REFERENCE))).unknown == ("CUDA7",)


def test_one_card_under_two_names_is_one_room() -> None:
    again = Device("Vulkan0", "nvidia", BIG.card, BIG.total, BIG.free)
    made = plan(
        [Wish("a", stated(60 * GIB), pieces=9), Wish("b", stated(60 * GIB), ("Vulkan0",), 9)], [CPU, BIG, again]
    )
    assert [each.name for each in made.together] == ["a"]
    assert [each.name for each in made.by_turns] == ["b"]


def test_what_fits_alone_takes_turns_and_what_does_not_is_refused() -> None:
    wishes = [
        Wish("planner", stated(50 * GIB), pieces=9, rank=0),
        Wish("coder", stated(60 * GIB), pieces=9, rank=1),
        Wish("giant", stated(200 * GIB), pieces=9, rank=2),
    ]
    made = plan(wishes, [CPU, BIG])
    assert [each.name for each in made.together] == ["planner"]
    assert [each.name for each in made.by_turns] == ["coder"]
    assert made.refused == (Refused("giant", 106 * GIB + CARD_OVERHEAD, BIG.card, 200 * GIB + CARD_OVERHEAD),)


def test_the_reference_machine_holds_its_three_models() -> None:
    wishes = [
        Wish("gpt-oss-120b", footprint(shape_of([gpt_oss_120b()]), Run(65536)), ("CUDA0",), 99, 0),
        Wish("qwen3-coder", footprint(shape_of([qwen3_coder_30b()]), Run(32768)), ("CUDA0",), 99, 1),
        Wish("qwen3-embedding", footprint(shape_of([qwen3_embedding_8b()]), Run(2048)), ("Vulkan1",), 99, 2),
    ]
    made = plan(wishes, REFERENCE)
    assert [each.name for each in made.together] == ["gpt-oss-120b", "qwen3-coder", "qwen3-embedding"]
    assert made.left[BIG.card] > 4 * GIB


def test_a_written_budget_bounds_a_card() -> None:
    assert [device.free for device in capped(REFERENCE, {"CUDA0": GIB})] == [60 * GIB, GIB, 15 * GIB]


def _card(number: int, maker: str, total: int, used: int) -> Device:
    return Device(f"{maker}{number}", maker, f"{maker}{number}", total, max(0, total - used))


UNITS = st.integers(0, 40).map(lambda halves: halves * GIB // 2)
DEVICES = st.lists(
    st.builds(_card, st.integers(0, 3), st.sampled_from(["CUDA", "ROCm"]), UNITS, UNITS),
    max_size=4,
    unique_by=attrgetter("name"),
).map(lambda cards: [Device("CPU", "cpu", MAIN, 100 * GIB, 90 * GIB), *cards])
WISHES = st.lists(
    st.builds(
        Wish,
        name=st.text("abc", min_size=1, max_size=3),
        footprint=st.builds(
            Footprint,
            layers=st.lists(UNITS, min_size=1, max_size=8).map(tuple),
            kept=UNITS, output=UNITS, output_on_host=UNITS, compute=UNITS,
        ),
        pieces=st.integers(-1, 10),
        rank=st.integers(0, 2),
    ),
    max_size=5, unique_by=attrgetter("name"),
)  # fmt: skip


@given(WISHES, DEVICES)
def test_a_plan_never_takes_more_than_there_is(wishes: list[Wish], devices: list[Device]) -> None:
    made = plan(wishes, devices)
    free = room(devices)
    for each in made.together:
        assert fits(each.shares, free)
        free = taken(free, each.shares)
    assert free == made.left
    assert all(fits(each.shares, room(devices)) for each in made.by_turns)


@given(WISHES, DEVICES)
def test_every_wish_is_answered_once_and_in_any_order_alike(wishes: list[Wish], devices: list[Device]) -> None:
    made = plan(wishes, devices)
    placed, left = (*made.together, *made.by_turns), made.refused
    answered = [each.name for each in placed] + [each.name for each in left]
    assert sorted(answered) == sorted(wish.name for wish in wishes)
    assert plan(wishes[::-1], devices) == made
    assert all(each.missing > 0 for each in made.refused)


@given(WISHES, DEVICES)
def test_makers_are_not_mixed_and_every_piece_lies_somewhere(wishes: list[Wish], devices: list[Device]) -> None:
    for wish in wishes:
        for way in options(wish, devices, room(devices)):
            assert len({name.rstrip("0123456789") for name in way.split}) <= 1
            cards = sum(size for card, size in way.shares.items() if card != MAIN)
            overhead = len(way.split) * CARD_OVERHEAD
            held = cards - overhead + way.shares[MAIN]
            assert held >= sum(wish.footprint.layers) + wish.footprint.kept
