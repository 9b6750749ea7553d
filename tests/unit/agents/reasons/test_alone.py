"""What of a note can be told in another one, and what had better stay where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.reasons.alone import balanced, is_prose, leans, reads_alone, says_most, tells_reader
from agents.reasons.evidence import best_evidence, passage_of
from agents.sentences import Sentence, quotable
from tests.unit.agents.reasons.test_evidence import chunk

NAMES, READER = ["Sea anchor"], ["Harbour chain"]


def sentences(text: str) -> list[Sentence]:
    return quotable(passage_of(chunk(text)))


def tells(text: str, *, opens: bool = False, near: bool = False) -> bool:
    found = sentences(text)
    return bool(found) and tells_reader(found[-1], opens, NAMES, READER, near=near)


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


def test_data_do_not_point_at_anything() -> None:
    assert leans("Данный якорь держит судно.") and not leans("Данные о якоре хранятся на судне.")


def test_half_of_a_name_is_enough() -> None:
    assert says_most("Anchors hold.", ["Sea anchor"]) and not says_most("Anchors hold.", ["Sea anchor of cloth"])
    assert not says_most("Ships in a storm hold by anchors.", ["Anchor"], within=3)


@given(st.text(alphabet="ab()[]", max_size=20))
def test_brackets_are_balanced_where_taking_pairs_out_leaves_none(text: str) -> None:
    for pair in ("()", "[]"):
        left = "".join(char for char in text if char in pair)
        while pair in left:
            left = left.replace(pair, "")
        assert balanced(text, pair) == (left == "")


@given(
    st.lists(
        st.sampled_from(["It", "anchor", "is", "этот", "|", "#tag", "=", "(", "«", "$x$", ".", "A"]), min_size=3
    ).map(" ".join)
)
def test_what_is_told_can_be_read_alone(text: str) -> None:
    for one in sentences(text):
        if tells_reader(one, False, NAMES, READER, near=True):
            assert is_prose(one) and not leans(one.plain)
            assert reads_alone(one.plain) or one.plain[:1].islower()
