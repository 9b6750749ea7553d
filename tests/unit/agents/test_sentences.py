import pytest

from agents.sentences import MAX_QUOTE, content_stems, plain, quotable
from tests.fakes.notes import passage


def said(text: str) -> list[str]:
    return [sentence.text for sentence in quotable(passage(text))]


def test_a_sentence_is_a_verbatim_part_of_the_passage() -> None:
    text = "Green tea is steamed. It **tastes** of [[Grass|fresh grass]]."
    found = quotable(passage(text))
    assert [text[one.start : one.end] for one in found] == [one.text for one in found]
    assert found[1].plain == "It tastes of fresh grass."


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint('green tea is nice')\n```",
        "# A heading with many words",
        "[[Green tea]]",
        "- [[Green tea]]\n- [[Black tea]]",
        "![[a picture of tea.png]]",
        "Which teas are steamed in Japan?",
        "%% a comment with many words %%",
        "| Tea | Origin of the tea |\n|---|---|",
        "Redirected from the page on tea",
        "#tea #japan #green/steamed",
        "SELECT name FROM teas WHERE green;",
        "TODO write about green tea here",
        "==A line that is all marked==",
    ],
)
def test_what_states_nothing_is_not_quoted(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize("link", ["https://a.example/b#c ", "#a" + "-" * 20])
def test_many_links_before_a_word_are_looked_through_once(link: str) -> None:
    """Where each could end in two places, this took longer than anybody lives."""
    assert len(said(60 * link + "\n\nAn anchor holds a ship in its place.")) >= 1
    assert (
        said(60 * link + "word\n\nAn anchor holds a ship in its place.")[-1] == "An anchor holds a ship in its place."
    )


def test_prose_around_code_is_quoted_without_it() -> None:
    assert said("Before it comes text.\n\n```\ncode in here\n```\n\nAfter it comes more.") == [
        "Before it comes text.",
        "After it comes more.",
    ]


def test_list_and_field_marks_are_left_out() -> None:
    assert said("- [ ] buy green tea tomorrow\n*tags:* #tea\n*about:* a drink made from leaves") == [
        "buy green tea tomorrow",
        "a drink made from leaves",
    ]


def test_a_lead_comes_with_its_list() -> None:
    found = said(
        "There are three kinds of tea:\n- green tea from China\n- black tea from Assam\n\nThat is all there is."
    )
    assert found[0] == "There are three kinds of tea:\n- green tea from China\n- black tea from Assam"


def test_a_long_sentence_is_cut_between_words() -> None:
    (found,) = said("word " * 200)
    assert len(found) <= MAX_QUOTE
    assert found.endswith("word")


def test_one_russian_word_makes_a_sentence_russian() -> None:
    (found,) = quotable(passage("Stream API, Collections API - потоки данных"))
    assert found.language == "ru"


def test_a_sentence_is_read_under_what_it_is_about() -> None:
    (found,) = quotable(passage("It is steamed and rolled.", "$- Sencha", ("Making:",)))
    assert found.spoken == "Sencha: Making: It is steamed and rolled."


def test_what_a_sentence_names_itself_is_not_put_before_it() -> None:
    (found,) = quotable(passage("Sencha is steamed and rolled.", "Sencha"))
    assert found.spoken == found.plain


def test_stop_words_carry_no_content() -> None:
    assert content_stems("What do my notes say about the teas of China?") == ("tea", "china")
    assert content_stems("Что в моих заметках сказано про чай?") == ("ча",)


def test_plain_text_has_no_markup() -> None:
    assert plain("**A** [link](http://x) to ==[[Folder/Note]]== `code`[^1]") == "A link to Note code"
