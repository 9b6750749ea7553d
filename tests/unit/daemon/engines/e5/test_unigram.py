import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.e5.unigram import SPACE, Unigram

PIECES = ["<s>", "<unk>", SPACE, f"{SPACE}a", "b", "ab", f"{SPACE}abc", "c", "fi", "a"]
SCORES = [0.0, 0.0, -2.0, -3.0, -3.0, -5.0, -9.5, -3.0, -5.0, -4.0]
UNKNOWN = 1
cut = Unigram(PIECES, SCORES, {ord("\t"): " ", ord("\ufb01"): "fi", 1: ""}, UNKNOWN)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a", [f"{SPACE}a"]),
        ("ab", [f"{SPACE}a", "b"]),
        ("abc", [f"{SPACE}a", "b", "c"]),  # -9 is likelier than -9.5
        ("a b", [f"{SPACE}a", SPACE, "b"]),
        (" a   b", [f"{SPACE}a", SPACE, "b"]),
        ("a\tb", [f"{SPACE}a", SPACE, "b"]),
        ("a\0b", [f"{SPACE}a", SPACE, "b"]),
        ("a ", [f"{SPACE}a", SPACE]),
        ("", [SPACE]),
        ("  ", [SPACE]),
        ("\ufb01", [SPACE, "fi"]),
        ("a\x01b", [f"{SPACE}a", "b"]),
    ],
)
def test_texts_are_cut_into_the_likeliest_pieces(text: str, pieces: list[str]) -> None:
    assert [PIECES[token] for token in cut(text)] == pieces


def test_each_character_that_no_piece_has_is_unknown() -> None:
    assert cut("axя") == [3, UNKNOWN, UNKNOWN]


@given(st.text(alphabet="abc x\t\ufb01", max_size=40))
def test_nothing_is_lost(text: str) -> None:
    read = text.replace("\t", " ").replace("\ufb01", "fi").replace("x", "")
    pieces = "".join(PIECES[token] for token in cut(text) if token != UNKNOWN)
    assert pieces.replace(SPACE, "") == read.replace(" ", "")
