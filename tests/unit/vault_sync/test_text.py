import pytest

from vault_sync.text import fold, language_of, sentences, stem, stems, words


def cut(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("«Да.» Нет.", ["«Да.»", "Нет."]),
        ("Это т.е. так и т.д. здесь. И всё.", ["Это т.е. так и т.д. здесь.", "И всё."]),
        ("See e.g. this. A. Pushkin wrote.", ["See e.g. this.", "A. Pushkin wrote."]),
        ("Version 3.14 is out", ["Version 3.14 is out"]),
        ("soft\nwrapped line", ["soft\nwrapped line"]),
        ("one\n\ntwo\r\n\r\nthree", ["one", "two", "three"]),
        ("# Head. ing\nBody.", ["# Head. ing", "Body."]),
        ("- one\n- two\n1. three. Four\n10) five", ["- one", "- two", "1. three.", "Four", "10) five"]),
        ("| a | b |\n|c|d|", ["| a | b |", "|c|d|"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_run_of_marks_is_tried_once() -> None:
    assert cut("." * 300_000) == ["." * 300_000]
    assert len(cut("a. " * 50_000)) == 1


def test_fold_makes_spellings_one() -> None:
    assert fold("ЁЛКА Ёлка") == "елка елка"
    assert words("Ёлка's C++ и e-mail, 42") == ["елка's", "c", "и", "e-mail", "42"]


def test_stems_bring_forms_together() -> None:
    assert len({stem(word) for word in ("заметка", "заметки", "заметок", "заметкой")}) == 1
    assert stems("Running notes") == ["run", "note"]


@pytest.mark.parametrize(
    ("text", "language"), [("Заметка о Docker", "ru"), ("A note on Docker", "en"), ("", "en"), ("123", "en")]
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_code_does_not_tell_a_notes_language() -> None:
    text = "Считает строки.\n\n```sql\nselect count(*) from employees where salary > 1000\n```\nИ `SELECT COUNT` тоже."
    assert language_of(text) == "ru"
    assert language_of("```sql\nselect 1\n```") == "en"
    assert language_of("```\nвыбрать\n") == "ru"
