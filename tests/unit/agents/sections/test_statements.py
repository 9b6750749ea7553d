import pytest

from agents.quotation.alone import reads_alone
from agents.sections.statements import alike, bare


@pytest.mark.parametrize(
    "text",
    [
        "Anchors hold in sand.",
        "Якорь держит в песке (но не в иле).",
        "2 anchors are better than one.",
        "«Адмиралтейский» — самый старый якорь.",
        "@Override says that a method takes the place of another one.",
    ],
)
def test_a_sentence_reads_alone(text: str) -> None:
    assert reads_alone(text)


@pytest.mark.parametrize(
    "text",
    [
        "отличается от прочих только тем, что держит лучше.",
        "\\- принуждает использовать только значения, которые удовлетворяют условиям.",
        "values) - вычисляет hash-код из переменных объекта.",
        "Промежуточные (делают действия с потоком и возвращают поток данных.",
        "and holds in sand.",
        "",
    ],
)
def test_a_piece_of_one_does_not(text: str) -> None:
    assert not reads_alone(text)


def test_a_line_that_says_the_same_once_more_is_found() -> None:
    first = "Web browsers have many features, including bookmarks, history and tabs."
    assert alike("Web browsers can have many features, including bookmarks, history and tabs.", [first])
    assert not alike("A web browser shows pages.", [first])
    assert not alike(first, [])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Connections: The connections are made of wire.", "The connections are made of wire."),
        ("**Якорь:** Он держит судно.", "Он держит судно."),
        ("The ratio is 1:3 in sand.", "The ratio is 1:3 in sand."),
        ("Anchors hold: they are heavy.", "Anchors hold: they are heavy."),
    ],
)
def test_a_label_in_front_of_a_sentence_goes(line: str, sentence: str) -> None:
    assert bare(line) == sentence
