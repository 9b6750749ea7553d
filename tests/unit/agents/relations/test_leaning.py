from agents.relations.leaning import lean, likeness
from agents.relations.standing import Standing
from vault_sync.paths import VaultPath

WORM = Standing(
    VaultPath("Worm.md"),
    frozenset({"malware/worm"}),
    linked_from=1,
    definition=" a worm is a malwar ",
    genus=" malwar ",
    text=" a worm is a malwar of network ",
    length=40,
)
MALWARE = Standing(VaultPath("Malware.md"), frozenset({"malware"}), linked_from=8, genus=" softwar ", commonness=0.1)


def test_what_speaks_for_the_broader_note() -> None:
    found = lean(WORM, MALWARE)
    assert (found.genus, found.defined, found.mention, found.tag) == (1.0, 1.0, 1.0, 0.5)
    assert found.commonness > 0
    assert found.linked_from > 0
    assert lean(Standing(VaultPath("Search tree.md")), Standing(VaultPath("Tree.md"))).subset == 1.0
    assert lean(Standing(VaultPath("Тип.md")), Standing(VaultPath("Введение в типы.md"))).guide == 1.0


def test_a_word_that_is_written_together_is_of_the_kind_that_it_ends_with() -> None:
    a_list, hash_map, named = (Standing(VaultPath(f"{title}.md")) for title in ("List", "HashMap", "Listing"))
    assert lean(Standing(VaultPath("class ArrayList.md")), a_list).subset == 1.0
    assert lean(Standing(VaultPath("LinkedHashMap.md")), hash_map).subset == 1.0
    assert lean(named, a_list).subset == lean(hash_map, a_list).subset == lean(a_list, a_list).subset == 0.0


def test_it_is_the_opposite_the_other_way_round() -> None:
    there, back = lean(WORM, MALWARE), lean(MALWARE, WORM)
    assert there.commonness == -back.commonness
    assert there.genus == -back.genus


def test_what_notes_of_one_level_have_in_common() -> None:
    one = Standing(VaultPath("Graph database.md"), frozenset({"db"}), genus=" databas ")
    other = Standing(VaultPath("Document database.md"), frozenset({"db"}), genus=" databas ")
    found = likeness(one, other)
    assert (found.twins, found.kind, found.tags, found.title) == (1.0, 1.0, 1.0, 0.0)
    assert likeness(WORM, MALWARE).twins == 0.0
    assert found == likeness(other, one)


def test_a_weekly_overview_is_no_guide() -> None:
    for title in ("Еженедельный обзор", "Weekly overview"):
        assert lean(Standing(VaultPath("Тип.md")), Standing(VaultPath(f"{title}.md"))).guide == 0.0
    assert lean(Standing(VaultPath("Тип.md")), Standing(VaultPath("Обзор типов.md"))).guide == 1.0
