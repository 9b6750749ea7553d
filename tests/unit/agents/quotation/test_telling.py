"""What of a note can be told in another one, and what had better stay where it stands."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.quotation.alone import leans, reads_alone
from agents.quotation.prose import is_prose
from agents.quotation.telling import (
    Quotation,
    is_in_pieces,
    is_no_prose,
    is_of_neither,
    is_of_third,
    leaves_unsaid,
    refers_elsewhere,
    says_no_more,
    tells_reader,
    urges,
)
from agents.reasons.evidence import best_evidence, passage_of
from agents.sentences import Sentence, quotable
from tests.unit.agents.reasons.test_evidence import chunk

NAMES, READER = ["Sea anchor"], ["Harbour chain"]


def sentences(text: str) -> list[Sentence]:
    return quotable(passage_of(chunk(text)))


def quotation(text: str, *, opens: bool = False, near: bool = False) -> Quotation:
    return Quotation(sentences(text)[-1], NAMES, READER, opens, near)


def tells(text: str, *, opens: bool = False, near: bool = False) -> bool:
    return bool(sentences(text)) and tells_reader(quotation(text, opens=opens, near=near))


@pytest.mark.parametrize(
    ("fault", "text", "better"),
    [
        (is_no_prose, "| Sea anchor | a brake in the water |", "A sea anchor is a brake in the water."),
        (is_no_prose, "A sea anchor is a brake #rope", "A sea anchor is a brake of rope."),
        (is_in_pieces, "- , which holds a ship in storms.", "- A sea anchor holds a ship in storms."),
        (is_in_pieces, "The ship (a brig) has a sea anchor) of cloth.", "The ship (a brig) has a sea anchor of cloth."),
        (is_in_pieces, "(ROPE) Sea anchor of cloth and rope.", "Sea anchor (ROPE) of cloth and rope."),
        (refers_elsewhere, "It is a brake in the water.", "A sea anchor is a brake in the water."),
        (refers_elsewhere, "Instead, cloth brakes a ship.", "Cloth brakes a ship."),
        (urges, "The best place to learn of anchors.", "A place to learn of anchors."),
        (urges, "Показать, какой якорь держит судно.", "Показано, какой якорь держит судно."),
        (says_no_more, "The sea anchor is an anchor at sea.", "The sea anchor is a brake of cloth."),
        (leaves_unsaid, "Sends the ship to the bottom of a bay.", "Cloth sends the ship to the bottom."),
        (leaves_unsaid, "тормоз из ткани и верёвок на носу судна.", "Тормоз из ткани и верёвок на носу судна."),
        (is_of_third, "A buoy is a thing that floats.", "A sea anchor is a thing that floats."),
        (is_of_neither, "Cloth holds ships in storms.", "Cloth holds ships in a harbour by a chain."),
    ],
)
def test_each_fault_is_found_and_not_where_it_is_mended(
    fault: Callable[[Quotation], bool], text: str, better: str
) -> None:
    assert fault(quotation(text)) and not fault(quotation(better))


@pytest.mark.parametrize("text", ["It is a brake in the water.", "тормоз из ткани и верёвок на носу судна."])
def test_what_opens_a_note_has_a_title_above_it(text: str) -> None:
    for fault in (refers_elsewhere, leaves_unsaid, is_of_third, is_of_neither):
        assert not fault(quotation(text, opens=True))


def test_an_item_of_a_list_is_of_its_list_also_where_it_opens_a_note() -> None:
    assert is_of_third(quotation("- Buoy - a thing that floats on a rope.", opens=True))
    assert leaves_unsaid(quotation("- Calendar of races and meetings.", opens=True))


def test_what_tells_the_reader_s_note_apart_ties_a_sentence_to_it() -> None:
    assert not is_of_neither(quotation("Cloth holds ships in storms.", near=True))


@pytest.mark.parametrize(
    "text",
    [
        "A sea anchor is a brake in the water.",
        "The anchor at sea is made of cloth.",
        "Cloth is lighter than the chain of a harbour.",
        "Harbour - это место для судов, а не якорь.",
        "- Harbour chain: heavy, as it has to hold in storms.",
    ],
)
def test_what_speaks_of_one_of_the_two_notes_is_told(text: str) -> None:
    assert tells(text)


@pytest.mark.parametrize(
    "text",
    [
        "It is a brake in the water.",
        "Это тормоз, который опускают в воду.",
        "запрещает судну дрейфовать по ветру.",
        "Тормоз из ткани и верёвок на носу судна",
        "Указывает на то, что якорь является тормозом.",
        "Позволяет преобразовать силу ветра в поток данных.",
    ],
)
def test_what_opens_a_note_may_leave_its_title_unsaid(text: str) -> None:
    assert tells(text, opens=True)
    assert not tells(text)


@pytest.mark.parametrize(
    "text",
    [
        "Instead, use a sea anchor of cloth.",
        "To answer this question, the sea anchor was tried in storms.",
        "Например, плавучий якорь может быть из ткани.",
        "при работе с этими якорями судно стоит носом к ветру.",
        "One of several sea anchors is chosen.",
        "Плавучий якорь выбран для описания в этой главе.",
        "В нашем случае плавучий якорь лёгкий и прочный.",
        "(ROPE) Sea anchor - a brake made of cloth and rope.",
        "Показать, какой плавучий якорь держит судно.",
        "The sea anchor is an anchor at sea.",
        "Besides, a sea anchor costs little.",
        "The best place to learn about a sea anchor.",
        "- Calendar of sea anchor races and meetings.",
        "- Focuses on the sea anchor of a ship.",
        "Вызов метода якоря - .",
        "ANCHOR(depth, mask) = D - the depth of a sea anchor.",
        "Ctrl + A - shows the sea anchor of a ship.",
        "A sea anchor needs \\#rope/strong and cloth.",
        "| Sea anchor | the brake of a ship in the water |",
        "Так в плавучий якорь попадает вода моря.",
        "\\\\- не даёт якорю уйти далеко от судна.",
        "A sea anchor brakes by $c_w A v^2$ and more.",
    ],
)
@pytest.mark.parametrize("opens", [False, True])
def test_pieces_formulas_rows_and_slogans_are_not(text: str, opens: bool) -> None:
    assert not tells(text, opens=opens, near=True)


@pytest.mark.parametrize(
    "text",
    [
        "- Buoy - a thing that floats on a rope.",
        "- write(int c) - записывает символ в поток.",
        "A buoy is a thing that floats.",
    ],
)
def test_what_another_thing_is_tells_nothing_of_the_note(text: str) -> None:
    assert not tells(text, near=True)


def test_what_is_called_a_description_leaves_the_title_unsaid_anywhere() -> None:
    text = "# Sea anchor\n**kind:** [[Brake]]\n**описание:** Позволяет удержать судно носом к ветру."
    found = best_evidence([chunk(text)], {}, NAMES, reader=READER)
    assert found is not None and found.shown == "Позволяет удержать судно носом к ветру."
    second = text.replace("Позволяет", "Тормоз из ткани. Позволяет")
    assert best_evidence([chunk("# Anchors"), chunk(second, 1)], {}, NAMES, reader=READER) is None
    assert (
        best_evidence([chunk("# Anchors"), chunk(text.replace("описание", "вид"), 1)], {}, NAMES, reader=READER) is None
    )


def test_a_detail_is_told_where_it_is_about_what_the_reader_reads_about() -> None:
    detail = "The second column of the output has the number of a part."
    assert tells(detail, near=True) and not tells(detail)


@given(
    st.lists(
        st.sampled_from(["It", "anchor", "is", "этот", "|", "#tag", "=", "(", "«", "$x$", ".", "A"]), min_size=3
    ).map(" ".join)
)
def test_what_is_told_can_be_read_alone(text: str) -> None:
    for one in sentences(text):
        if tells_reader(Quotation(one, NAMES, READER, opens=False, near=True)):
            assert is_prose(one) and not leans(one.plain)
            assert reads_alone(one.plain) or one.plain[:1].islower()
