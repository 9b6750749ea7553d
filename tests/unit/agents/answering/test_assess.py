from dataclasses import replace

import pytest

from agents.answering.asked import fits, names, question_stems, tells_why
from agents.answering.assess import (
    LEADING,
    MODELS,
    Assessor,
    Evidence,
    Features,
    features,
    leads,
    score,
    select,
    weights_for,
)
from agents.sentences import quotable
from tests.fakes.embedder import WordEmbedder
from tests.fakes.notes import passage

TEA = passage("Sencha is steamed in Japan. Oolong is half fermented. It was first sold in 1738.", "Tea")
GOOD = Features(own=1.0, context=1.0, missing=0, margin=0.2, fits=0)


@pytest.mark.parametrize("pair", MODELS, ids="→".join)
def test_what_covers_the_question_and_is_like_it_passes(pair: tuple[str, str]) -> None:
    assert score(GOOD, MODELS[pair]) > 0


@pytest.mark.parametrize("pair", MODELS, ids="→".join)
def test_what_shares_nothing_with_the_question_does_not_pass(pair: tuple[str, str]) -> None:
    assert score(Features(0, 0, 1, 0.05, 0), MODELS[pair]) < 0


@pytest.mark.parametrize("pair", LEADING, ids="→".join)
def test_across_languages_what_stands_out_passes_and_what_does_not_fails(pair: tuple[str, str]) -> None:
    asked, read = (
        {"en": "Where is it steamed?", "ru": "Где его парят?"},
        {"en": "It is steamed in Japan.", "ru": "Его парят там."},
    )
    (sentence,) = quotable(passage(read[pair[1]], "Tea"))

    def passes(lead: float | None) -> bool:
        weights = weights_for(asked[pair[0]], sentence, lead)
        return score(Features(0, 0, 0, 0.09, 0, lead), weights) >= 0

    assert (passes(0.06), passes(0.0), passes(None)) == (True, False, False)


def test_within_a_language_nothing_depends_on_other_notes() -> None:
    (sentence,) = quotable(passage("Sencha is steamed in Japan.", "Tea"))
    assert weights_for("Where is sencha steamed?", sentence, 0.1) is MODELS["en", "en"]


def test_a_lead_is_over_the_two_best_of_other_notes() -> None:
    notes, similar = [*"aabbcd"], [0.9, 0.7, 0.8, 0.1, 0.6, 0.2]
    assert leads(notes, similar) == pytest.approx([0.2, 0.0, 0.05, -0.65, -0.25, -0.65])


def test_there_is_no_lead_where_there_is_little_to_be_ahead_of() -> None:
    assert leads([*"aab"], [0.9, 0.8, 0.7]) == [None, None, None]
    assert leads([], []) == []


@pytest.mark.parametrize("worse", [{"own": 0.0}, {"missing": 2.0}, {"margin": 0.0}, {"fits": -1.0}])
def test_every_feature_counts(worse: dict[str, float]) -> None:
    weights = MODELS["en", "en"]
    assert score(replace(GOOD, **worse), weights) < score(GOOD, weights)


def test_a_name_that_the_passage_lacks_is_counted() -> None:
    sentence = quotable(TEA)[0]
    assert features("Is it steamed in Kyoto?", sentence, 0.1).missing == 1
    assert features("Is it steamed in Japan?", sentence, 0.1).missing == 0


def test_a_russian_name_is_not_looked_for_in_english() -> None:
    assert features("Что парят в городе Киото?", quotable(TEA)[0], 0.1).missing == 0


def test_an_english_name_is_looked_for_in_russian_only_where_a_number_keeps_it_as_it_is() -> None:
    sentence = quotable(passage("Сенчу парят на фабрике номер 17 в Японии.", "Чай"))[0]
    assert features("Is it steamed in Kyoto?", sentence, 0.1).missing == 0
    assert features("Is it steamed in the factory K19 or 17?", sentence, 0.1).missing == 1


def test_a_sentence_of_both_languages_is_read_in_that_of_the_question() -> None:
    (sentence,) = quotable(passage("Sencha is described in Чай and steamed in Japan.", "Tea"))
    assert weights_for("Where is sencha steamed?", sentence) is MODELS["en", "en"]
    assert weights_for("Где парят сенчу?", sentence) is MODELS["ru", "ru"]


def test_the_other_language_has_its_share_of_the_candidates() -> None:
    english = passage(" ".join(f"Sencha number {number} is steamed." for number in range(40)), "Tea")
    russian = passage("Сенчу парят в Японии. Её пьют горячей.", "Чай")
    measured = Assessor(WordEmbedder(), candidates=8).measure("Where is sencha steamed?", [english, russian])
    assert [one.language for one, _ in measured] == ["en"] * 6 + ["ru"] * 2
    assert len(Assessor(WordEmbedder(), candidates=8).measure("Where is sencha steamed?", [english])) == 8


def test_the_title_speaks_for_its_sentences() -> None:
    sentence = quotable(passage("It was sold early.", "Darjeeling"))[0]
    assert features("What is Darjeeling?", sentence, 0.1).own == 1.0


def test_verbs_of_asking_do_not_lower_the_coverage() -> None:
    assert question_stems("How does a kettle work?") == ("kettl",)
    assert question_stems("Как работает чайник?") == ("чайник",)
    assert question_stems("How does it work?") == ("work",)


def test_names_are_capitals_inside_numbers_and_mixed_words() -> None:
    assert names("When did Ada meet wannaCry in 1843, at GCHQ?") == ("ada", "wannacry", "1843", "gchq")


@pytest.mark.parametrize(
    ("question", "sentence", "fit"),
    [
        ("How many cups?", "It fills 12 cups.", 1),
        ("How many cups?", "It fills some cups.", -1),
        ("How many minutes?", "It takes forty minutes.", 1),
        ("How long does it take?", "Обзор занимает сорок минут.", 1),
        ("Сколько дней?", "Двенадцать или двадцать дней.", 1),
        ("When was it sold?", "It was sold in March.", 1),
        ("Когда его продали?", "Его продали дорого.", -1),
        ("В каком году его продали?", "Его продали 11-Sep-19.", -1),
        ("In which year was it sold?", "It was sold in 1738.", 1),
        ("Who sold it?", "It was sold by Twining.", 1),
        ("Who sold the Tea?", "Then Tea was sold.", -1),
        ("How much does it cost?", "It holds 500 grams.", -1),
        ("Сколько стоит чай?", "Пачка за 90 руб.", 1),
        ("What is tea?", "A drink of leaves.", 0),
    ],
)
def test_the_kind_of_thing_asked_for(question: str, sentence: str, fit: float) -> None:
    assert fits(question, sentence) == fit


@pytest.mark.parametrize(
    ("question", "sentence", "told"),
    [
        ("Why is it steamed?", "Его парят, потому что он зелёный.", True),
        ("Which tea did I choose, and why?", "Я выбрал сенчу из-за цены.", True),
        ("What was the reason for steaming it?", "Причина проста.", True),
        ("Почему его парят?", "It is steamed because it is green.", True),
        ("По какой причине его парят?", "That was due to the price.", True),
        ("Why is it steamed?", "Его парят в Японии.", False),
        ("How is it steamed?", "Его парят, потому что он зелёный.", False),
        ("Who reasons so?", "There are reasons.", False),
    ],
)
def test_who_asks_why_is_told_a_reason(question: str, sentence: str, told: bool) -> None:
    assert tells_why(question, sentence) == told


def test_a_reason_counts_across_languages_and_its_lack_does_not() -> None:
    reason, place = quotable(passage("Сенчу парят, потому что она зелёная. Сенчу парят в Японии.", "Сенча"))
    assert features("Why is it steamed?", reason, 0.1).fits == 1
    assert features("Why is it steamed?", place, 0.1).fits == 0
    assert features("Почему парят сенчу?", reason, 0.1).fits == 0, "within a language the words tell"


def test_selection_keeps_the_best_once_and_drops_the_tail() -> None:
    first, second, third = quotable(TEA)
    scored = [Evidence(second, 4.0), Evidence(first, 5.0), Evidence(first, 4.9), Evidence(third, 1.0)]
    assert [item.score for item in select(scored, limit=4)] == [5.0, 4.0]
    assert len(select(scored, limit=1)) == 1
    assert select([Evidence(first, -0.1)], limit=4) == []


def test_a_question_that_the_notes_answer_has_evidence() -> None:
    (best, *_) = Assessor(WordEmbedder()).assess("Where is sencha steamed?", [TEA])
    assert best.sentence.text == "Sencha is steamed in Japan."


def test_a_question_about_something_else_has_none() -> None:
    assert Assessor(WordEmbedder()).assess("Which city governs Mongolia?", [TEA]) == []


def test_no_sentence_is_embedded_twice() -> None:
    embedder = WordEmbedder()
    assessor = Assessor(embedder)
    assessor.assess("Where is sencha steamed?", [TEA])
    before = len(embedder.seen)
    assessor.assess("Is oolong fermented?", [TEA])
    assert len(embedder.seen) == before


def test_no_passages_no_evidence() -> None:
    assert Assessor(WordEmbedder()).assess("What is tea?", []) == []


def test_across_languages_an_alias_counts_as_the_title_does() -> None:
    question = "Which pressure sensor did I choose?"
    known = replace(passage("Я выбрал BMP390.", "Датчик давления"), aliases=("Pressure sensor",))
    (named,), (unnamed,) = quotable(known), quotable(replace(known, aliases=()))
    assert features(question, named, 0.0).context > features(question, unnamed, 0.0).context == 0.0
    english = replace(known, text="I chose the BMP390 there.")
    (same,) = quotable(english)
    assert features(question, same, 0.0) == features(question, quotable(replace(english, aliases=()))[0], 0.0)
