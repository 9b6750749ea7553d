"""What can be read without what stands around it."""

import pytest

from agents.quotation.alone import has_dollar, leans, reads_alone, reads_whole, states_nothing


def test_what_leans_on_its_page_or_on_what_was_before() -> None:
    assert leans("This page is on anchors.") and leans("It holds.") and not leans("An anchor holds.")


def test_pieces_do_not_read_alone() -> None:
    assert reads_alone("An anchor (of steel) holds.")
    assert not reads_alone("of steel holds.") and not reads_alone("An anchor (of steel holds.")


@pytest.mark.parametrize(
    "text",
    [
        "We drop the anchor, which is of steel.",
        "Instead, an anchor is dropped.",
        "An anchor is - .",
        "An anchor is $x$ deep.",
        "A thing that is heavy.",
        "Anchors of steel for ships.",
        "Holds the ship where it is.",
    ],
)
def test_each_fault_alone_keeps_a_sentence_from_being_whole(text: str) -> None:
    assert not reads_whole(text)


def test_whole_sentences() -> None:
    assert reads_whole("An anchor is heavy.") and reads_whole("Якорь из стали для судна.")
    assert has_dollar("$5") and not has_dollar("5 euros")
    assert states_nothing("Anchors of steel.") and not states_nothing("Якоря из стали.")
