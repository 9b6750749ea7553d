"""What a sentence means that does not stand in it."""

import pytest

from agents.quotation.reference import leans_on_before, means_title, points_back, speaks_of_page


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("It is a brake in the water.", "Items brake in the water."),
        ("However, an anchor drags.", "How anchors drag is known."),
        ("One of its parts is the fluke.", "One of the parts is the fluke."),
        ("Данный якорь держит судно.", "Данные о якоре хранятся на судне."),
        ("Кроме того, якорь дёшев.", "Крошечный якорь дёшев."),
        ("В нём есть кольцо.", "В якоре есть кольцо."),
    ],
)
def test_first_words_point_back(text: str, alike: str) -> None:
    assert points_back(text) and not points_back(alike)


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("Anchors are told of in this section.", "Anchors are told of in this book."),
        ("В этой заметке описан якорь.", "В этой гавани описан якорь."),
    ],
)
def test_a_text_speaks_of_its_page(text: str, alike: str) -> None:
    assert speaks_of_page(text) and not speaks_of_page(alike)


def test_what_may_mean_the_title() -> None:
    assert means_title("It is a brake.") and means_title("Это тормоз.")
    assert not means_title("They are brakes.") and not means_title("Items are brakes.")


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("Instead, use cloth.", "Cloth is used instead."),
        ("At the same time the ship turns.", "At the quay the ship turns."),
        ("With such a chain, ships hold.", "With anchors such as a hook, ships hold."),
        ("A ship on this chain holds.", "A ship on a chain of steel holds in this wind."),
        ("Usually the anchor is then dropped.", "When the ship stops, the anchor is then dropped."),
        ("The rope is then tied.", "The chain has links that are then tied."),
        ("The chain was then cut.", "The chain was wet and was then cut."),
        ("Во-первых, якорь тяжёлый.", "Во время шторма якорь тяжёлый."),
        ("Цепь для таких якорей длинная.", "Цепь для всех якорей длинная."),
        ("На судне это тормоз.", "Якорь — это тормоз."),
    ],
)
def test_what_was_said_before_is_leant_on(text: str, alike: str) -> None:
    assert leans_on_before(text) and not leans_on_before(alike)
