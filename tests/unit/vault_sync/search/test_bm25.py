"""How well a text holds the words of a query."""

import pytest

from vault_sync.search.bm25 import Asked, Counts, Fields, Gauge, phrase_bonus, scores, share

COUNTS = Counts(100, {"rare": 1, "common": 90})
ASKED = Asked({root: COUNTS.weight(root) for root in COUNTS.of_stem})


def _text(words: str, title: str = "", heading: str = "") -> Fields:
    return Fields(title, heading, words)


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    rare, common = scores([_text("rare x"), _text("common x")], ASKED)
    assert rare > common > 0


def test_more_of_a_word_counts_more_but_less_each_time() -> None:
    once, twice, thrice = scores([_text("rare x x"), _text("rare rare x"), _text("rare rare rare")], ASKED)
    assert thrice - twice < twice - once


def test_the_shorter_of_two_texts_wins() -> None:
    short, long = scores([_text("rare"), _text("rare " + "x " * 50)], ASKED)
    assert short > long


def test_a_title_beats_a_heading_beats_the_text() -> None:
    title, heading, text = scores([_text("x x", title="rare"), _text("x", heading="rare"), _text("rare x")], ASKED)
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
    assert scores([], ASKED) == []
    assert scores([_text("")], ASKED) == [0]


def _written(spelt: str, sounds: str = "") -> Fields:
    return Fields("", "", "", spelt, sounds)


def test_a_word_counts_as_it_is_written_as_it_sounds_and_as_it_begins() -> None:
    asked = Asked({}, {"notes": 2.0}, {"dkr": 1.0}, begun="kub", begun_worth=0.5)
    written, other = scores([_written("notes"), _written("note")], asked)
    assert written > other == 0
    heard, silent = scores([_written("", "dkr"), _written("", "dk")], asked)
    assert heard > silent == 0
    begun, ended = scores([_written("kubernetes"), _written("akub")], asked)
    assert begun > ended == 0


def test_a_word_is_counted_as_often_as_it_stands_there() -> None:
    once, twice, thrice = scores([_text("rare x x"), _text("rare rare x"), _text("rare rare rare")], ASKED)
    assert once < twice < thrice
    assert scores([_text("rarer unrare")], ASKED) == [0]


def test_a_word_of_the_same_beginning_counts_where_the_stem_is_not_there() -> None:
    asked = Asked({"чемпион": 2.0}, kin={"чемпион": ("чемпи", 0.5)})
    stem, kin, both, other = scores(
        [
            Fields("", "", "чемпион", "чемпион"),
            Fields("", "", "чемпионат", "чемпионат"),
            Fields("", "", "чемпион чемпионат", "чемпион чемпионат"),
            Fields("", "", "xчемпионат", "xчемпионат"),
        ],
        asked,
    )
    assert stem > kin > other == 0
    assert both < stem


def test_a_gauge_measures_others_by_the_texts_that_it_was_set_over() -> None:
    gauge = Gauge(ASKED, COUNTS, [["rare", "common"]])
    short, long = {1: _text("rare common")}, {2: _text("rare common " + "x " * 50)}
    alone, by_short = gauge.scores(long)[2], gauge.over(short).scores(long)[2]
    assert by_short < alone  # beside short ones it is long
    assert gauge.over({}).scores(long)[2] == alone
    assert gauge.over(short).scores(short)[1] > COUNTS.weight("rare")  # the phrase counts, too


def test_a_sound_of_the_same_beginning_counts_less_than_the_sound() -> None:
    asked = Asked({}, sounds={"≈snbktr": 2.0}, sound_kin={"≈snbkt": (("≈snbktr",), 1.0)})
    sound, kin, other = scores([_written("", "≈snbktr"), _written("", "≈snbktrl"), _written("", "≈snb")], asked)
    assert sound == pytest.approx(2 * kin) and kin > other == 0


def test_a_question_for_a_number_prefers_a_text_that_has_another_one() -> None:
    asked = Asked({"rare": COUNTS.weight("rare")}, most=10.0)
    gauge = Gauge(asked, COUNTS, [], known_figures={"1953"})
    texts = {1: _text("rare 1953 x"), 2: _text("rare 1953 1954"), 3: _text("rare 1953 three")}
    known, another, in_words = gauge.scores(texts).values()
    assert known < another == in_words
    plain = Gauge(asked, COUNTS, []).scores(texts)
    assert plain[1] == plain[2] == plain[3]


def test_of_a_whole_note_only_stems_and_sounds_count_and_how_often() -> None:
    asked = Asked({"rare": 0.8}, {"rare": 0.2}, {"≈rr": 0.5}, {"rare": ("rar", 1.0)}, begun="rar", begun_worth=1.0)
    note = asked.of_note()
    stem, other, sound = scores([_text("rare"), Fields("", "", "x", "rarity"), Fields("", "", "x", "", "≈rr")], note)
    assert stem > sound > other == 0
    often, once = scores([_text("rare rare rare x"), _text("rare x x x")], note)
    plainly = scores([_text("rare rare rare x"), _text("rare x x x")], Asked({"rare": 1.0}))
    assert often / once > plainly[0] / plainly[1]
