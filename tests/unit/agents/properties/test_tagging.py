from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.properties.tagging import LEAST, MOST, Surroundings, TagScore, Words, new_tag, proposed, ranked
from vault_sync.index.tagged import Census
from vault_sync.text import stems

KNOWN = Census({"java": "Java", "java/class": "Java/class", "sql": "SQL", "todo": "todo"},
               {"java": 30, "java/class": 12, "sql": 10, "todo": 95}, 100)  # fmt: skip
SQL = frozenset(["sql"])


def words(title: str, text: str = "") -> Words:
    return Words(frozenset(stems(title)), [], Counter(stems(text)))


def around(*near: tuple[float, frozenset[str]], folder: dict[str, int] | None = None, of: int = 0) -> Surroundings:
    return Surroundings(near, [], folder or {}, of)


def tags(found: list[TagScore]) -> list[str]:
    return [one.tag for one in found]


def test_what_the_nearest_notes_have_comes_first_in_the_vaults_spelling() -> None:
    found = ranked(around((0.9, SQL), (0.8, SQL), (0.3, frozenset(["java"]))), words("A note"), KNOWN)
    assert tags(found)[:2] == ["SQL", "Java"]
    assert (found[0].near, found[0].of) == (2, 3)


def test_closeness_counts_more_than_number() -> None:
    java = frozenset(["java"])
    found = ranked(around((1.0, SQL), (0.4, java), (0.4, java)), words("A note"), KNOWN)
    assert tags(found)[0] == "SQL"


def test_the_folder_and_the_note_s_own_words_speak_for_a_tag() -> None:
    assert tags(ranked(around(folder={"sql": 9}, of=9), words("A note"), KNOWN)) == ["SQL"]
    assert tags(ranked(around(), words("Заметки об SQL"), KNOWN)) == ["SQL"]
    assert ranked(around(folder={"gone": 9}, of=9), words("A note"), KNOWN) == []


def test_only_likely_ones_are_proposed_none_that_it_has_and_none_that_says_nothing() -> None:
    near = around(
        *((0.9, frozenset(["java", "java/class", "todo"])) for _ in range(5)), folder={"todo": 5, "java": 4}, of=5
    )
    found = ranked(near, words("Java"), KNOWN)
    chosen = proposed(found, frozenset(), KNOWN, frozenset())
    assert len(chosen) == 1 and chosen[0].tag in ("Java", "Java/class")  # one of a branch, and not the tag of all notes
    assert proposed(found, frozenset(["java"]), KNOWN, frozenset()) == []
    assert "Java" not in tags(proposed(found, frozenset(), KNOWN, frozenset(["java"])))


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.frozensets(st.sampled_from([*KNOWN.count, "gone"]), max_size=3)), max_size=20
    ),
    st.text("abc java sql", max_size=20),
)
def test_scores_are_chances_in_order(near: list[tuple[float, frozenset[str]]], title: str) -> None:
    found = ranked(around(*near), words(title, title), KNOWN)
    assert all(0 < one.score < 1 for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    chosen = proposed(found, frozenset(), KNOWN, frozenset())
    assert len(chosen) <= MOST and all(one.score >= LEAST for one in chosen)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.frozensets(st.sampled_from([*KNOWN.count]), max_size=3)), max_size=20),
    st.floats(0, 1),
)
def test_the_least_score_only_cuts_the_list(near: list[tuple[float, frozenset[str]]], least: float) -> None:
    said = words("Java class", "java sql")
    found = ranked(around(*near), said, KNOWN)
    assert ranked(around(*near), said, KNOWN, least) == [one for one in found if one.score >= least]


def test_a_tag_of_several_words_has_to_stand_in_one_place() -> None:
    known = Census({"x/deep-sea": "x/deep-sea"}, {"x/deep-sea": 3}, 100)
    nowhere = Words(frozenset(["deep"]), [frozenset(["sea"])], Counter())
    assert ranked(around(), nowhere, known) == []
    for said in (
        Words(frozenset(["deep", "sea"]), [], Counter()),
        Words(frozenset(), [frozenset(["sea", "deep"])], Counter()),
        Words(frozenset(), [], Counter(["deep", "sea"])),
    ):
        assert tags(ranked(around(), said, known)) == ["x/deep-sea"]


@pytest.mark.parametrize(
    ("title", "text", "tag"),
    [
        ("О квантовании", "квантование, ещё квантование, и снова квантованию", "квантовании"),
        ("About SQL", "sql sql sql sql", ""),  # the vault has it
        ("The and", "the the the the and and and", ""),
        ("Raft", "once", ""),
    ],
)
def test_a_new_tag_is_the_word_of_the_title_that_the_text_is_about(title: str, text: str, tag: str) -> None:
    assert new_tag(title, Counter(stems(text)), KNOWN) == tag


def test_the_state_of_a_note_is_no_tag_to_propose() -> None:
    states = ("todo", "Stub", "черновик", "status/in_box", "статус/в-работе", "inbox")
    known = Census({tag.casefold(): tag for tag in states}, {tag.casefold(): 3 for tag in states}, 100)
    found = [TagScore(tag, 0.99, 3, 3) for tag in states]
    assert tags(proposed(found, frozenset(), known, frozenset())) == ["status/in_box"]
    assert new_tag("Черновик", {"черновик": 9}, known) == ""
