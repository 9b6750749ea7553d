from collections.abc import Callable

import pytest

from vault_sync.evaluation.comparing import WEIGHTS, advice, compare, reranker_advice
from vault_sync.evaluation.evaluate import FUSED, NOW, Asked
from vault_sync.evaluation.questions import Kind


def asked(kind: Kind, number: int, ranks: Callable[[int], dict[str, int | None]]) -> list[Asked]:
    return [Asked(kind, f"{kind}{i}", None, ("en", "en"), ranks(i)) for i in range(number)]


def test_what_is_always_better_is_better_beyond_chance() -> None:
    found = compare(
        asked("link", 100, lambda i: {NOW: 2 + i % 3, "up": 1, "down": 9, "same": 2 + i % 3}), ["down", "up", "same"]
    )
    assert [each.configuration for each in found] == ["up", "same", "down"]
    up, same, down = found
    assert up.better and up.mrr.mean == 1.0 and up.gain.low > 0
    assert not same.gain.beyond_chance and same.gain.mean == 0
    assert down.gain.beyond_chance and not down.better
    assert "write up" in advice(found) and "rises by" in advice(found)


def test_a_difference_by_chance_is_none() -> None:
    found = compare(asked("link", 40, lambda i: {NOW: 1 + i % 2, "other": 1 + (i + 1) % 2 if i % 7 else 1}), ["other"])
    assert not found[0].better and "leave it as it is" in advice(found)


def test_many_tries_ask_for_more_proof() -> None:
    sample = asked("link", 60, lambda i: {NOW: 1 if i % 3 else 3, "other": 1 if i % 5 else 3})
    alone, among = compare(sample, ["other"]), compare(sample, ["other"], tried=50)
    assert among[0].gain.low < alone[0].gain.low and alone[0].gain.mean == among[0].gain.mean


def test_every_kind_counts_the_same_and_a_section_not_at_all() -> None:
    many = asked("heading", 300, lambda i: {NOW: 1, "x": 1}) + asked("section", 300, lambda i: {NOW: 1, "x": 10})
    few = asked("link", 10, lambda i: {NOW: 2, "x": 1})
    (found,) = compare(many + few, ["x"])
    assert found.gain.mean == 0.25 and found.mrr.mean == 1.0


def test_nothing_asked_nothing_advised() -> None:
    assert "leave" in advice(compare([], WEIGHTS)) and "leave" in advice([])


def test_a_lane_alone_is_named_by_its_settings() -> None:
    found = compare(asked("link", 100, lambda i: {NOW: 5, "words only": 1}), ["words only"])
    assert "lexical_weight = 1 and name_weight = 1" in advice(found)


@pytest.mark.parametrize(("without", "told"), [(1, "take `reranker` out"), (9, "would be worse"), (3, "no difference")])
def test_whether_a_reranker_is_worth_its_time(without: int, told: str) -> None:
    found = compare(asked("link", 60, lambda i: {NOW: 3, FUSED: without}), [FUSED])
    assert told in reranker_advice(found)
