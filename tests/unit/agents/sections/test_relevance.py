"""Which sentences answer a prompt by what they say, and which can stand in another place."""

import pytest

from agents.quotation.alone import reads_whole
from agents.reasons.evidence import passage_of
from agents.sections.relevance import about, answers, stands_alone
from agents.sentences import Sentence, quotable
from tests.unit.agents.reasons.test_evidence import chunk


def sentence(text: str, begins: str, *heading: str) -> Sentence:
    found = [one for one in quotable(passage_of(chunk(text, heading=heading))) if one.plain.startswith(begins)]
    return found[0]


MISTAKES = "Which mistakes are made with this, and how are they avoided?"
USE = "What is it used for? What are its advantages and drawbacks?"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (MISTAKES, "An anchor must not be dropped on a cable."),
        (MISTAKES, "If the chain is too short, the ship loses its anchor."),
        ("Какие ошибки и ограничения здесь бывают?", "Якорь нельзя бросать на кабель."),
        (USE, "An anchor is used to hold a ship in its place."),
        (USE, "A chain is heavier than rope, but more reliable."),
        ("Для чего это нужно?", "Якорь служит для удержания судна на месте."),
        ("How does it work?", "An anchor works by digging its flukes into the ground."),
        ("How does it work?", "The rope is led through a ring at the bow."),
        ("Почему так решили?", "Цепь короче, потому что гавань мелкая."),
        ("What does it look like?", "An anchor is a heavy thing of iron and steel."),
        ("What should one learn from this?", "An anchor should be as heavy as a man."),
        ("Что из этого стоит узнать?", "Якорь всегда бросают с носа судна."),
    ],
)
def test_a_sentence_that_says_what_is_asked(question: str, text: str) -> None:
    assert answers(question, sentence(text, text[:5]))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (MISTAKES, "An anchor is a heavy thing of iron and steel."),
        (MISTAKES, "An anchor may consist of iron and steel."),
        (MISTAKES, "A graphics tablet is a digital input device for artists."),
        ("Какие ошибки и ограничения здесь бывают?", "Якорь представляет собой тяжёлый предмет из железа."),
        ("Which advantages does it have?", "An anchor is a heavy thing of iron and steel."),
        ("Почему так решили?", "Цепь сделана из железа и стали."),
        ("How does it work?", "The oldest anchor known is of stone and wood."),
        ("How does it work?", "An anchor works well with chains of steel."),
        ("How does it work?", "An anchor is what makes a harbour work."),
        ("How does it work?", "An anchor has gone through many forms since antiquity."),
        ("How does it work?", "Anchors are fixed through various means of steel."),
        ("How does it work?", "An anchor is a thing that connects to a ship."),
        ("How does it work?", "Anchoring is the process of fixing a ship to the ground."),
        ("Как это работает?", "Якорь после слова THEN должен быть тяжёлым."),
        ("What is it used for?", "An anchor is a hook that uses flukes of iron."),
        ("Как это работает?", "Проверяемые якоря бывают из железа и стали."),
        ("Для чего это нужно?", "Якорь использует лапы из железа."),
        ("Для чего это нужно?", "Чтобы поднять якорь, нажмите на рычаг."),
        ("What should one learn from this?", "An anchor is a heavy thing of iron and steel."),
        ("What should one learn from this?", "An anchor allows a ship to stay in its place."),
        ("What should one learn from this?", "An anchor is a tool with an important role at sea."),
    ],
)
def test_one_that_says_something_else(question: str, text: str) -> None:
    assert not answers(question, sentence(text, text[:5]))


def test_a_long_list_within_another_is_looked_through_once() -> None:
    """Where each of its lines could be read in two ways, this took longer than anybody lives."""
    items = "".join(f"  - Chain number {number} is heavier than rope.\n" for number in range(60))
    found = sentence(
        f"They are used so:\n- An anchor.\n{items}- [ ] The last chain is used to hold a ship.\n", "The last"
    )
    assert stands_alone(found, USE)


def test_a_heading_says_what_a_sentence_below_it_is_about() -> None:
    text = "A chain of two depths at most holds an anchor here."
    assert answers(MISTAKES, sentence(text, "A chain", "Anchor", "Common mistakes"))
    assert not answers(MISTAKES, sentence(text, "A chain", "Anchor", "Sizes"))


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("An anchor holds a ship in its place.", "An anchor"),
        ("- The chain must be five times as long as it is deep.", "The chain"),
        ("Kinds:\n\n- The mushroom anchor — an anchor for soft ground.", "The mushroom"),
    ],
)
def test_what_can_stand_in_another_place(text: str, begins: str) -> None:
    assert stands_alone(sentence(text, begins), USE)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("1. Let the anchor go at the bow of the ship.", "Let the"),
        (
            "To anchor:\n- Wait until the ship has lost its way entirely.\n- Let the anchor go at the bow of the ship.",
            "Let the",
        ),
        ("- A heavy thing of iron and steel", "A heavy"),
        ("It is heavy iron.", "It is"),
        ("There are several advantages in using anchors at sea.", "There are"),
        ("Есть несколько преимуществ у якоря в шторм.", "Есть"),
        ("More about anchors can be found in the page on chains.", "More about"),
        ("`a(b[0], {1: 2});` == `c(d[1], {3: 4});` -> 100 % (1/2/3) of <T>", "a(b"),
    ],
)
def test_what_can_not(text: str, begins: str) -> None:
    assert not stands_alone(sentence(text, begins), USE)


@pytest.mark.parametrize(
    "text",
    [
        "| Якорь | работает с цепями и канатами судна |",
        "Якорь - работает с null-значениями \\#sql/null и другими.",
        "- Ctrl + A - показывает якорь, который нужен судну",
    ],
)
def test_rows_tags_and_keys_do_not_stand_alone(text: str) -> None:
    found = quotable(passage_of(chunk(text)))
    assert not any(stands_alone(one, "Как это работает?") for one in found)


def test_work_with_something_is_no_heading_that_says_how_it_works() -> None:
    found = sentence("Курсор стоит там, где он стоял раньше.", "Курсор", "Клавиши", "Работа с кодом")
    assert not answers("Как это работает?", found)
    assert answers(
        "Как это работает?", sentence("Курсор стоит там, где он стоял.", "Курсор", "Клавиши", "Принцип работы")
    )


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("Использование", True),
        ("Использование B-tree", True),
        ("Назначение и применение", True),
        ("Частое использование", True),
        ("Использование истории", False),
        ("Использование ключей и узлов", False),
    ],
)
def test_a_heading_that_names_the_use_of_another_thing_makes_no_answer(heading: str, told: bool) -> None:
    found = sentence("Курсор стоит там, где он стоял раньше.", "Курсор", "B-tree", heading)
    assert answers("Для чего это нужно?", found) == told


def test_what_stands_under_an_example_is_for_who_asks_for_examples() -> None:
    found = sentence("The ship lets its anchor go at the bow and waits.", "The ship", "Anchor", "Примеры использования")
    assert not stands_alone(found, "Для чего это нужно?")
    assert stands_alone(found, "Какие есть примеры?")
    title = sentence("The ship lets its anchor go at the bow and waits.", "The ship", "Examples of anchoring")
    assert stands_alone(title, USE)


def test_a_sentence_of_another_note_begins_with_the_note() -> None:
    found = sentence("In storms half of all anchors are lost.", "In storms")
    assert about(USE, found, "Elsewhere.md", ["Storms"]) and about(USE, found, "Elsewhere.md", ["Chain", "Storms"])
    assert not about(USE, found, "Elsewhere.md", ["Chain", "Sea anchor"])


def test_what_another_note_says_of_it_on_the_way_is_said_of_something_else() -> None:
    found = sentence("Unlike a rope, a chain holds an anchor in any storm.", "Unlike", "Anchor")
    assert not about(USE, found, "Elsewhere.md", ["Anchor"])
    like = sentence("Like an anchor, it is used to hold a ship.", "Like", "Stone")
    assert not about(USE, like, "Elsewhere.md", ["Anchor"])
    bare = sentence("В отличие от троса позволяет держать якорь.", "В отличие", "Цепь")
    assert not about(USE, bare, "Elsewhere.md", ["Трос"])


def test_a_sentence_of_the_note_begins_with_what_the_note_is_about() -> None:
    found = sentence("Half of all anchors are lost in storms.", "Half", "Anchor")
    own = found.passage.path
    assert about(USE, found, own, ["Sea anchor"]) and not about(USE, found, own, ["Chain"])
    bare = sentence("Позволяет удержать судно на месте.", "Позволяет", "Якорь")
    assert about(USE, bare, own, ["Якорь"])


def test_what_has_most_words_of_the_question_is_asked_for_whatever_it_names() -> None:
    found = sentence("The dough rests for twelve hours in the fridge.", "The dough", "Bread", "Rules")
    own = found.passage.path
    assert about("How many hours does the dough rest in the fridge?", found, own, ["Bread"])
    assert not about("How many hours does the starter need in summer?", found, own, ["Bread"])
    assert not about("How many hours does the dough rest in the fridge?", found, "Elsewhere.md", ["Bread"])


def test_what_stands_under_a_lower_heading_is_about_that_unless_it_is_what_is_asked_for() -> None:
    def under(*heading: str) -> Sentence:
        return sentence("Rope is used where an anchor would be too heavy.", "Rope", "Anchor", *heading)

    own = under().passage.path
    assert about(USE, under("Uses"), own, ["Chain"]) and about(USE, under("Ropes"), own, ["Anchor"])
    assert about(USE, under("Sea anchor"), own, ["Sea anchor"])
    assert not about(USE, under("Ropes"), own, ["Sea anchor"]) and not about(MISTAKES, under("Uses"), own, ["Chain"])


@pytest.mark.parametrize(
    "shown",
    [
        "For example, a ship can hold by two anchors.",
        "Например это может быть якорь, который сделан из камня.",
        "В этих гаванях нельзя бросать якорь.",
        "Во время такой операции судно стоит.",
        "То есть нам не нужно поднимать якорь.",
        "С его помощью судно держится на месте.",
        "Где — это слово, чтобы получить , причем нужно сделать отступ.",
        "Якорь Якорь держит судно на месте с помощью цепи.",
        "Список содержит $log_2(n)$ якорей.",
        "An iron hook that has flukes so that it digs itself in.",
        "Highly efficient holding and letting go of ships.",
        "Uses flukes for holding on to the ground.",
        "Instead, use two anchors with chains of steel.",
        "Becomes more expensive as the chain is longer.",
        "Sea anchor Sea anchor is an anchor that is used at sea.",
        "Over the years we have changed what anchors we use.",
        "Теперь, когда якорь поднят, можно идти дальше.",
    ],
)
def test_what_does_not_read_as_a_whole(shown: str) -> None:
    assert not reads_whole(shown)


@pytest.mark.parametrize(
    "shown",
    [
        "An anchor is a hook that holds a ship.",
        "The chain must be so long that it lies on the ground.",
        "Якорь держит судно, потому что его лапы входят в грунт.",
        "Anchors are used in harbours, too.",
    ],
)
def test_what_does(shown: str) -> None:
    assert reads_whole(shown)


def test_a_long_heading_is_a_question_of_its_own() -> None:
    heading = "Что такое якорь и зачем он нужен"
    found = sentence("Номера якорей с первого по третий выбиты на них.", "Номера", "Якорь", heading)
    assert not answers("Для чего это нужно?", found)


def test_a_sentence_without_its_subject_opens_the_note() -> None:
    text = "Якорь — это крюк на цепи. Позволяет удержать судно на одном месте."
    found = sentence(text, "Позволяет", "Якорь")
    assert not stands_alone(found, USE) and not about(USE, found, found.passage.path, ["Якорь"])


def test_a_sentence_without_its_subject_is_of_the_whole_note_only() -> None:
    text = "Позволяет удержать судно на одном месте."
    assert stands_alone(sentence(text, "Позволяет", "Якорь"), USE)
    assert not stands_alone(sentence(text, "Позволяет", "Якорь", "Цепь"), USE)
