"""Of what a sentence speaks."""

from agents.quotation.subject import defines_another, names_most, says_more


def test_half_of_a_name_is_enough() -> None:
    assert names_most("Anchors hold.", ["Sea anchor"]) and not names_most("Anchors hold.", ["Sea anchor of cloth"])
    assert not names_most("Ships in a storm hold by anchors.", ["Anchor"], within=3)


def test_what_it_defines_is_one_of_the_names_or_another_thing() -> None:
    for text in ("A buoy is a thing that floats.", "Буй (круглый) — это поплавок.", "Buoy - a float."):
        assert defines_another(text, ["Sea anchor"])
        assert not defines_another(text, ["Buoy", "Буй"])
    assert not defines_another("Ships float on the water of the sea.", ["Sea anchor"])


def test_words_beside_those_of_the_names() -> None:
    assert says_more("A sea anchor brakes ships.", ["Sea anchor"])
    assert not says_more("A sea anchor brakes.", ["Sea anchor"])
