"""The lexical lane, on a real SQLite."""

import sqlite3
from collections.abc import Iterator

import pytest

from vault_sync.search import lexical
from vault_sync.search.lexical import LexicalRow

ROWS = [
    LexicalRow(1, "Новый год", ("Праздник",), "Новогодняя ёлка стоит в углу."),
    LexicalRow(2, "Inbox", (), "Здесь много заметок о search engines, and some don't have a heading."),
    LexicalRow(3, "Чай", ("Сорта", "Зелёный"), "Заметка про сенчу.", ("tea", "чаёк")),
    LexicalRow(4, "Garden", (), "Tea is mentioned here once among many other plants of the old garden."),
    LexicalRow(5, "Engines", (), "Engines that search the sky are not search engines for text."),
]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:")
    lexical.create(made)
    lexical.insert(made, ROWS)
    yield made
    made.close()


def _ids(connection: sqlite3.Connection, query: str, k: int = 10, allowed: set[int] | None = None) -> list[int]:
    return [occurrence for occurrence, _ in lexical.search(connection, query, k, allowed)]


@pytest.mark.parametrize("query", ["елка", "ёлка", "ЁЛКИ", "ёлок", "Е\u0308лка"])
def test_yo_case_and_form_do_not_matter(connection: sqlite3.Connection, query: str) -> None:
    assert _ids(connection, query) == [1]


@pytest.mark.parametrize("query", ["заметки", "заметок", "ЗАМЕТКА", "заметками"])
def test_russian_forms_that_snowball_keeps_apart_are_found(connection: sqlite3.Connection, query: str) -> None:
    assert set(_ids(connection, query)) == {2, 3}


def test_english_forms_are_found(connection: sqlite3.Connection) -> None:
    assert set(_ids(connection, "engine searching")) == {2, 5}


def test_a_query_in_two_languages_finds_both(connection: sqlite3.Connection) -> None:
    assert set(_ids(connection, "ёлка garden")) == {1, 4}


def test_title_alias_and_heading_are_searched(connection: sqlite3.Connection) -> None:
    assert _ids(connection, "чай") == [3]
    assert _ids(connection, "праздники") == [1]
    assert _ids(connection, "зеленый") == [3]


def test_a_name_counts_more_than_a_mention(connection: sqlite3.Connection) -> None:
    assert _ids(connection, "tea") == [3, 4]


def test_scores_fall_and_are_positive(connection: sqlite3.Connection) -> None:
    scores = [score for _, score in lexical.search(connection, "search engines tea ёлка", 10)]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_quoted_words_rank_where_they_stand_together(connection: sqlite3.Connection) -> None:
    assert _ids(connection, '"engines that search"')[0] == 5
    assert _ids(connection, '"о search engines"')[0] == 2
    assert _ids(connection, "«много заметок» search engines")[0] == 2


def test_the_allowed_set_is_applied_before_the_cut(connection: sqlite3.Connection) -> None:
    assert _ids(connection, "tea", 1) == [3]
    assert _ids(connection, "tea", 1, {4, 5}) == [4]
    assert _ids(connection, "tea", 10, set()) == []


def test_a_large_allowed_set_works(connection: sqlite3.Connection) -> None:
    assert _ids(connection, "tea", 10, set(range(4, 100_000))) == [4]


def test_a_rough_search_finds_any_of_the_stems_within_what_is_allowed(connection: sqlite3.Connection) -> None:
    stems = ["заметк", "note", "nowhere"]
    found = lexical.rough(connection, stems, 10)
    assert found and [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert all(score > 0 for _, score in found)
    first = found[0][0]
    assert [i for i, _ in lexical.rough(connection, stems, 10, [first])] == [first]
    assert first not in dict(lexical.rough(connection, stems, 10, denied=[first]))
    assert lexical.rough(connection, stems, 1) == found[:1]
    assert lexical.rough(connection, ["nowhere"], 10) == [] == lexical.rough(connection, stems, 10, [])
    assert lexical.rough(connection, [], 10) == []


def test_what_is_deleted_is_not_found(connection: sqlite3.Connection) -> None:
    lexical.delete(connection, [3, 999])
    assert _ids(connection, "tea") == [4]
    assert _ids(connection, "сенча") == []


def test_a_row_can_be_written_anew(connection: sqlite3.Connection) -> None:
    lexical.delete(connection, [4])
    lexical.insert(connection, [LexicalRow(4, "Огород", (), "Лук и чеснок.")])
    assert _ids(connection, "garden") == []
    assert _ids(connection, "огороды") == [4]


@pytest.mark.parametrize(
    "query",
    ["", "   ", '"', '""', "NEAR(", "a*", "title:x", "{raw}: x", "😀", "-", "^x", "\ud800", "a\0b", "AND", "(" * 50],
)
def test_syntax_of_fts5_is_text(connection: sqlite3.Connection, query: str) -> None:
    assert isinstance(lexical.search(connection, query, 5), list)


def test_words_that_look_like_operators_are_found(connection: sqlite3.Connection) -> None:
    assert set(_ids(connection, "AND NOT")) == {2, 5}


@pytest.mark.parametrize("query", ["don't", "don’t", "DON'T"])
def test_both_apostrophes_are_one(connection: sqlite3.Connection, query: str) -> None:
    assert _ids(connection, query) == [2]


def test_k_bounds_the_answer(connection: sqlite3.Connection) -> None:
    assert _ids(connection, "search engines tea", 0) == []
    assert len(_ids(connection, "search engines tea", 2)) == 2


def test_ties_go_by_id(connection: sqlite3.Connection) -> None:
    lexical.insert(connection, [LexicalRow(i, "Same", (), "zebra crossing") for i in (30, 20, 25)])
    assert _ids(connection, "zebra") == [20, 25, 30]


def test_a_whole_match_scores_what_can_be_scored_and_a_stray_word_little(connection: sqlite3.Connection) -> None:
    def share(query: str) -> float:
        match = lexical.match(connection, query, 5)
        return match.hits[0][1] / match.most

    assert share("зелёный чай") > 0.6
    assert share("what garden colour quantum entanglement") < 0.2


def test_what_is_asked_about_is_scored_too(connection: sqlite3.Connection) -> None:
    whole = dict(lexical.search(connection, "search engines", 5))
    match = lexical.match(connection, "search engines", 1, beside=[2, 3, 5, 99])
    assert match.beside.keys() == {2, 3, 5} - {match.hits[0][0]}
    assert match.beside[3] == 0
    assert {2, 5} == whole.keys()


def test_a_query_that_is_a_name_is_told_from_a_question(connection: sqlite3.Connection) -> None:
    assert lexical.match(connection, "Новый год", 5).named == pytest.approx(1)
    assert lexical.match(connection, "зелёный tea", 5).named == pytest.approx(1)
    assert lexical.match(connection, "ёлка стоит в углу", 5).named == 0


def test_common_words_are_not_looked_for_but_count_in_the_order() -> None:
    connection = sqlite3.connect(":memory:")
    lexical.create(connection)
    lexical.insert(connection, [LexicalRow(i, "n", (), "always filler") for i in range(1, 700)])
    lexical.insert(connection, [LexicalRow(800, "n", (), "needle x"), LexicalRow(900, "n", (), "needle always")])
    assert _ids(connection, "always needle") == [900, 800]
    assert len(_ids(connection, "always", 1000)) == 700
    connection.close()


def test_a_pasted_page_is_a_query(connection: sqlite3.Connection) -> None:
    assert 3 in _ids(connection, "tea " + " ".join(f"word{i}" for i in range(5000)))


def test_an_empty_index_has_no_hits() -> None:
    connection = sqlite3.connect(":memory:")
    lexical.create(connection)
    assert lexical.match(connection, "anything", 5).hits == []
    connection.close()


CODE = [
    LexicalRow(1, "Limits", (), "Call `getMaxBatchSize` before each upsert."),
    LexicalRow(2, "Style", (), "Names are in snake_case, files in kebab-case, modules as os.path."),
    LexicalRow(3, "Server", (), "HTTPServer2 listens on 127.0.0.1 since version 3.11 and 2024-05-01."),
    LexicalRow(4, "Batch", (), "The batch of cookies has the right size, and no more than that."),
]


@pytest.fixture
def code() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:")
    lexical.create(made)
    lexical.insert(made, CODE)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("max batch size", 1),
        ("getMaxBatchSize", 1),
        ("getmaxbatchsize", 1),
        ("get_max_batch_size", 1),
        ("snake_case", 2),
        ("snake case", 2),
        ("kebab-case", 2),
        ("kebab case", 2),
        ("os.path", 2),
        ("http server", 3),
        ("HTTPServer2", 3),
        ("httpserver2", 3),
        ("127.0.0.1", 3),
        ("3.11", 3),
        ("2024-05-01", 3),
    ],
)
def test_identifiers_are_found_by_their_parts_and_as_a_whole(code: sqlite3.Connection, query: str, found: int) -> None:
    assert _ids(code, query)[0] == found


@pytest.mark.parametrize("query", ["getM", "getmaxb", "kebabc", "httpser"])
def test_an_identifier_is_found_while_it_is_typed(code: sqlite3.Connection, query: str) -> None:
    assert len(_ids(code, query)) == 1


@pytest.mark.parametrize(
    ("query", "found"), [("ёл", []), ("нового", [1]), ("heading garde", [2, 4]), ("cat garde", [4])]
)
def test_a_last_word_that_is_nowhere_may_begin_one(
    connection: sqlite3.Connection, query: str, found: list[int]
) -> None:
    assert sorted(_ids(connection, query)) == found


def test_a_last_word_that_is_somewhere_or_complete_begins_nothing(connection: sqlite3.Connection) -> None:
    lexical.insert(connection, [LexicalRow(7, "Gardening", (), "gardenias")])
    assert _ids(connection, "garden ") == _ids(connection, "garden")
    assert 7 not in _ids(connection, "gardeni.")
    assert 7 in _ids(connection, "gardeni")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("докер", [1]),
        ("кубернетес", [2]),
        ("обсидиан", [3]),
        ("docker", [1, 4]),
        ("kubernetes", [2]),
        ("обсидианом", [3]),
        ("Кикнет", []),
    ],
)
def test_a_name_is_found_in_the_other_script(query: str, found: list[int]) -> None:
    made = sqlite3.connect(":memory:")
    lexical.create(made)
    texts = ["Docker runs containers.", "Kubernetes runs many.", "Obsidian keeps notes.", "Докер запущен."]
    lexical.insert(made, [LexicalRow(i, "", (), text) for i, text in enumerate(texts, start=1)])
    expected = sorted({*found, *({4} if query == "докер" else ())})
    assert sorted(_ids(made, query)) == expected
    made.close()


def test_a_word_as_it_is_written_goes_before_another_form() -> None:
    made = sqlite3.connect(":memory:")
    lexical.create(made)
    lexical.insert(made, [LexicalRow(1, "", (), "заметка тут"), LexicalRow(2, "", (), "заметки тут")])
    assert _ids(made, "заметки")[0] == 2
    assert _ids(made, "заметка")[0] == 1
    made.close()


def test_tags_are_words(connection: sqlite3.Connection) -> None:
    lexical.insert(connection, [LexicalRow(8, "x", (), "y", (), ("hobby/ham-radio",))])
    assert _ids(connection, "radio") == [8]


@pytest.mark.parametrize(
    "query", ['"engines that search"', "«engines that search»", "“engines that search”", "„engines that search“"]
)
def test_every_kind_of_quotation_marks_makes_a_phrase(connection: sqlite3.Connection, query: str) -> None:
    assert _ids(connection, query)[0] == 5


def test_a_long_word_is_found_by_how_it_begins_in_the_other_script() -> None:
    made = sqlite3.connect(":memory:")
    lexical.create(made)
    rows = [LexicalRow(1, "", (), "A cyanobacterial bloom."), LexicalRow(2, "", (), "A sand bank.")]
    lexical.insert(made, rows)
    assert _ids(made, "цианобактерии") == [1]
    made.close()


def test_a_question_for_a_number_ranks_what_has_one_first(connection: sqlite3.Connection) -> None:
    rows = [
        LexicalRow(20, "", (), "The boiler was mended by John."),
        LexicalRow(21, "", (), "The boiler was mended in 1987."),
    ]
    lexical.insert(connection, rows)
    assert _ids(connection, "When was the boiler mended?", 2) == [21, 20]
    assert _ids(connection, "Who mended the boiler?", 2) == [20, 21]


def test_a_whole_note_is_not_like_what_only_begins_like_its_words(connection: sqlite3.Connection) -> None:
    rows = [LexicalRow(20, "", (), "Чемпионат мира."), LexicalRow(21, "", (), "Чемпион мира по шахматам.")]
    lexical.insert(connection, rows)
    assert {i for i, _ in lexical.like(connection, "чемпион шахмат", 5)} == {21}
    assert lexical.like(connection, "чемпион", 5, allowed={20}) == []
    assert lexical.like(connection, "чемпион", 0) == []


def test_a_word_is_found_with_and_without_its_accents(connection: sqlite3.Connection) -> None:
    lexical.insert(connection, [LexicalRow(20, "", (), "A naïve café.")])
    assert _ids(connection, "cafe") == _ids(connection, "CAFÉ") == [20]
    assert _ids(connection, "naive", 1) == [20]
