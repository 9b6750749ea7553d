from agents.answering.pieces import Piece, Pieces


def test_a_sentence_is_held_back_until_the_next_begins() -> None:
    pieces = Pieces()
    assert pieces.feed("One is here.") == []
    assert pieces.feed(" Two") == [Piece("", "One is here.")]
    assert pieces.flush() == [Piece(" ", "Two")]


def test_a_code_block_is_one_piece() -> None:
    pieces = Pieces()
    found = pieces.feed("Look:\n\n```python\na = 1. b\n\nc. D\n```\nDone. It works.")
    assert found == [
        Piece("", "Look:"),
        Piece("\n\n", "```python\na = 1. b\n\nc. D\n```", code=True),
        Piece("\n", "Done."),
    ]
    assert pieces.flush() == [Piece(" ", "It works.")]


def test_a_code_block_that_is_cut_short_is_still_code() -> None:
    pieces = Pieces()
    assert pieces.feed("```\na = 1") == []
    assert pieces.flush() == [Piece("", "```\na = 1", code=True)]


def test_nothing_gives_nothing() -> None:
    assert Pieces().feed("") == []
    assert Pieces().flush() == []
