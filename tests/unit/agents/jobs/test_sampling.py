from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agents.jobs.sampling import Unit, allocate, draw

UNITS = st.lists(
    st.tuples(st.sampled_from(["link", "mention", "tags"]), st.floats(0, 9) | st.none()), min_size=1, max_size=200
).map(lambda each: [Unit(str(number), kind, score) for number, (kind, score) in enumerate(each)])


@given(UNITS, st.integers(1, 40), st.integers(0, 3))
def test_as_many_as_asked_once_each_and_the_same_for_the_same_seed(units: list[Unit], size: int, seed: int) -> None:
    drawn = draw(units, size, seed)
    assert len(drawn.ids) == len(set(drawn.ids)) == min(size, len(units))
    assert drawn == draw(list(reversed(units)), size, seed)
    assert set(drawn.stratum) == {unit.id for unit in units}


@given(UNITS)
def test_every_kind_and_every_part_is_seen(units: list[Unit]) -> None:
    drawn = draw(units, 30, 0)
    assert {drawn.stratum[each] for each in drawn.ids} == set(drawn.stratum.values())


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 500), min_size=1, max_size=12), st.integers(0, 100))
def test_shares_are_as_the_sizes_are(sizes: dict[str, int], wanted: int) -> None:
    shares = allocate(sizes, wanted)
    assert sum(shares.values()) == min(wanted, sum(sizes.values()))
    assert all(0 <= shares[name] <= sizes[name] for name in sizes)
    if wanted >= len(sizes):
        assert all(shares.values())


def test_a_part_is_cut_by_score() -> None:
    units = [Unit(str(n), "link", float(n)) for n in range(40)]
    drawn = draw(units, 8, 1)
    assert Counter(drawn.stratum[each] for each in drawn.ids) == {f"link/{part}": 2 for part in range(4)}
    assert [drawn.stratum[str(n)] for n in (0, 9, 10, 39)] == ["link/0", "link/0", "link/1", "link/3"]
