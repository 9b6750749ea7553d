from hypothesis import given
from hypothesis import strategies as st

from agents.answering.cite import Marks, Support, cite, supports
from agents.answering.pieces import Pieces
from agents.sentences import quotable
from tests.fakes.notes import passage

WORDS = st.sampled_from(
    ["tea", "Japan", "чай", "зелёный", "40", "is", "не", "**bold**", "[[Note|name]]", "`code`", "steamed", "ё", "e.g."]
)
ENDS = st.sampled_from([". ", "! ", ".\n", "\n\n", "\n- ", ":\n- ", "? ", "\r\n", "\n```\nx\n```\n", "\n> ", "\n# "])
TEXTS = st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=9), ENDS), max_size=12).map(
    lambda parts: "".join(" ".join(words) + end for words, end in parts)
)


@given(TEXTS, st.integers(1, 1000))
def test_every_quote_stands_in_the_note_on_the_lines_that_are_named(text: str, line: int) -> None:
    lines = [""] * (line - 1) + text.split("\n")
    for sentence in quotable(passage(text, line=line)):
        found = cite("[1]", Support((sentence,)))
        assert found.quote in "\n".join(lines[found.start_line - 1 : found.end_line])
        assert found.quote.strip() == found.quote
        assert found.quote


@given(TEXTS)
def test_whatever_has_content_supports_itself(text: str) -> None:
    for sentence in quotable(passage(text)):
        one = Support((sentence,))
        if supports(sentence.text, one, lambda _a, _b: 1.0):
            assert not supports(sentence.text + " 123456789", one, lambda _a, _b: 1.0)


@given(st.text(max_size=300))
def test_any_text_can_be_searched_for_quotes(text: str) -> None:
    for sentence in quotable(passage(text)):
        assert text[sentence.start : sentence.end] == sentence.text


@given(st.lists(st.integers(0, 4), max_size=20))
def test_marks_are_numbered_by_first_use(order: list[int]) -> None:
    found = quotable(passage("The first one. The second one. The third one. The fourth one. The fifth one."))
    marks = Marks()
    given_out = [marks.mark(Support((found[index],))) for index in order]
    assert list(dict.fromkeys(given_out)) == [f"[{number + 1}]" for number in range(len(set(order)))]
    assert [one.mark for one in marks.citations] == list(dict.fromkeys(given_out))


@given(TEXTS, st.lists(st.integers(1, 7), min_size=1))
def test_pieces_lose_nothing_but_white_space_however_the_text_arrives(text: str, sizes: list[int]) -> None:
    pieces = Pieces()
    found = []
    start = 0
    for index in range(len(text)):
        size = sizes[index % len(sizes)]
        found += pieces.feed(text[start : start + size])
        start += size
        if start >= len(text):
            break
    found += pieces.flush()
    assert "".join("".join(piece.text.split()) for piece in found) == "".join(text.split())
