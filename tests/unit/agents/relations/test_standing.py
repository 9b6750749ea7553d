import pytest

from agents.relations.standing import Standing, definition_of, genus_of, says, standing
from tests.unit.agents.reasons.test_evidence import chunk
from vault_sync.index.records import FileStamp, NoteRecord
from vault_sync.paths import VaultPath


def record(title: str, *aliases: str) -> NoteRecord:
    path = VaultPath(f"{title}.md")
    return NoteRecord(1, path, FileStamp(path, 0, 0), "", title, "en", aliases, ("db",), "", "indexed", "", "", 1.0, "")


@pytest.mark.parametrize(
    ("sentence", "genus"),
    [
        ("Spyware is a type of malware that gathers information.", ["malwar"]),
        ("A B-tree is a search tree, and databases like it.", ["search", "tree"]),
        ("Индекс — это структура данных, которая ускоряет поиск.", ["структур", "дан"]),
        ("Стек является коллекцией для хранения.", ["коллекц"]),
        ("It rained all day long.", []),
    ],
)
def test_the_kind_that_a_definition_names(sentence: str, genus: list[str]) -> None:
    assert genus_of(sentence) == genus


def test_the_definition_is_the_sentence_with_the_name_and_an_is() -> None:
    text = "It rained all day long. Trees grow in the garden. A B-tree is a search tree. It is old."
    assert definition_of([chunk(text)], ["B-tree"]) == "A B-tree is a search tree."
    assert definition_of([chunk("It rained all day long. Trees grew.")], ["B-tree"]) == "It rained all day long."
    assert definition_of([], ["B-tree"]) == ""


def test_a_name_is_found_as_whole_words() -> None:
    assert says(" the b-tree node ", [("b-tree", "node")])
    assert not says(" the b-trees node ", [("b-tree", "node")])
    assert not says(" ", [])


def test_standing_of_a_note() -> None:
    text = "A [[Tree|B-tree]] is a search tree of pages."
    made = standing(record("B-tree", "Bayer tree"), [chunk(text)], frozenset(), 3, {"b-tree": 5}, 10)
    assert made.name_stems == (("b-tree",), ("bayer", "tree"))
    assert made.genus == " search tree page "
    assert (made.linked_from, made.commonness, made.tags) == (3, 0.5, frozenset({"db"}))
    assert standing(record("B-tree"), [], frozenset(), 0, {}, 0) == Standing(VaultPath("B-tree.md"), frozenset({"db"}))


def test_a_word_that_many_titles_begin_with_is_left_unsaid_in_a_name() -> None:
    def names(title: str) -> tuple[str, ...]:
        return standing(record(title), [], frozenset(), 0, {}, 0, frozenset({"class", "pattern"})).names

    assert names("class Reader (abstract)") == ("reader",)
    assert names("Pattern Observer") == ("observer",)
    assert names("Reader") == names("class Up") == names("class (old)") == ()
