"""How well a text holds the words of a query."""

import pytest

from vault_sync.bm25 import Counts, Fields, phrase_bonus, scores, share

COUNTS = Counts(100, {"rare": 1, "common": 90})


def _text(words: str, title: str = "", heading: str = "") -> Fields:
    return Fields(title.split(), heading.split(), words.split())


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    rare, common = scores([_text("rare x"), _text("common x")], COUNTS)
    assert rare > common > 0


def test_more_of_a_word_counts_more_but_less_each_time() -> None:
    once, twice, thrice = scores([_text("rare x x"), _text("rare rare x"), _text("rare rare rare")], COUNTS)
    assert thrice - twice < twice - once


def test_the_shorter_of_two_texts_wins() -> None:
    short, long = scores([_text("rare"), _text("rare " + "x " * 50)], COUNTS)
    assert short > long


def test_a_title_beats_a_heading_beats_the_text() -> None:
    title, heading, text = scores([_text("x x", title="rare"), _text("x", heading="rare"), _text("rare x")], COUNTS)
    assert title > heading > text


def test_the_share_of_a_query_counts_rare_words_more() -> None:
    assert share(["rare", "common"], COUNTS) == pytest.approx(1)
    assert share(["rare"], COUNTS) > 0.9
    assert share(["x", "common"], COUNTS) < 0.1
    assert share(["x"], Counts(0, {})) == 0


def test_a_phrase_counts_only_where_its_words_stand_together() -> None:
    phrases = [["rare", "common"]]
    assert phrase_bonus(_text("a rare common b"), phrases, COUNTS) > 0
    assert phrase_bonus(_text("rare a common"), phrases, COUNTS) == 0
    assert phrase_bonus(_text("xrare common"), phrases, COUNTS) == 0


def test_no_texts_have_no_scores() -> None:
    assert scores([], COUNTS) == []
    assert scores([_text("")], COUNTS) == [0]
