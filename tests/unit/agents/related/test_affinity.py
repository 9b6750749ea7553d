import math

import numpy as np
import pytest

from agents.related.affinity import Background, families_of, mentioned, named, shared, topic, weighed

AGAINST = Background(
    middle=np.array([0.5, 0.5, 0.0], np.float32),
    middles={"ru": np.array([0.0, 0.6, 0.8], np.float32)},
    frequency={"common": 99, "index": 9},
    chunks=99,
    worth={"common": 0.0, "index": math.log(10)},
)


def test_a_vector_is_seen_from_the_middle_of_its_language() -> None:
    mean = np.array([0.0, 1.0, 0.8], np.float32)
    assert AGAINST.seen(mean, "ru") == pytest.approx([0, 1, 0])
    assert AGAINST.seen(mean, "en") == pytest.approx(np.array([-0.5, 0.5, 0.8]) / math.sqrt(1.14), abs=1e-6)


def test_a_note_without_a_vector_or_with_one_of_another_model_points_nowhere() -> None:
    assert not AGAINST.seen(None, "ru").any()
    assert not AGAINST.seen(np.ones(7, np.float32), "ru").any()


def test_rarity() -> None:
    assert AGAINST.rarity("common") == 0 and AGAINST.rarity("index") == pytest.approx(math.log(10))
    assert AGAINST.rarity("unheard") == AGAINST.most == pytest.approx(math.log(100))


def test_a_topic_leaves_out_what_says_nothing() -> None:
    found = weighed({"common": 50, "index": 3, "2024": 9, "x": 9, "heron": 1}, [["heron"]], AGAINST)
    assert set(found) == {"index", "heron"} and found["heron"] > found["index"]
    assert sum(weight**2 for weight in found.values()) == pytest.approx(1)
    assert weighed({}, [], AGAINST) == {}


def test_topics_of_the_same_text_are_the_same() -> None:
    one = topic("Heron", ["Herons eat frogs by the index."], AGAINST)
    assert shared(one, topic("Heron", ["Herons eat frogs by the index."], AGAINST)) == pytest.approx(1)
    assert shared(one, topic("Bread", ["Flour and water."], AGAINST)) == 0


def test_words_that_many_titles_begin_with() -> None:
    classes = [f"class {letter}" for letter in "ABCDEFGH"]
    assert families_of([*classes, *(f"1. {letter}" for letter in "ABCDEFGH"), "class", "pattern Observer"]) == {"class"}
    assert not families_of(classes[1:])
    assert families_of([*classes, "🔥", "?!", ""]) == {"class"}, "a title need not have a word"


def test_which_share_of_a_title_is_named() -> None:
    assert named(["heron", "index"], frozenset(["heron"]), AGAINST) == pytest.approx(2 / 3)
    assert named(["common"], frozenset(["common"]), AGAINST) == 0 == named([], frozenset(["heron"]), AGAINST)


def test_a_name_is_mentioned_as_a_whole() -> None:
    assert mentioned([["b", "tree"]], " the b tree ", AGAINST) == 1.0
    assert mentioned([["b", "tree"]], " the b trees ", AGAINST) == 0.0
    assert mentioned([["index"], []], " an index ", AGAINST) == pytest.approx(math.log(10) / 6)
