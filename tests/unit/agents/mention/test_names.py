from agents.mention.name import Entry, names_of
from agents.mention.names import Layers, Names
from agents.mention.tokens import Token, tokens
from vault_sync.paths import VaultPath

A, B = VaultPath("A.md"), VaultPath("B.md")


def said(names: Names | Layers, text: str) -> set[tuple[str, str]]:
    words: list[Token | None] = list(tokens(text))
    return {(name.target, name.kind) for _, _, found in names.matches(words) for name in found}


def layers(*entries: Entry) -> Layers:
    plain = Names.build(entries)
    return Layers({entry.path: entry for entry in entries}, plain.resolve, plain.written)


def test_a_note_has_many_names() -> None:
    entry = Entry(A, "Remote Desktop Protocol (old)", ("rdesktop",), ("How to connect", "Notes"), ("remote desktop",))
    assert {(name.kind, " ".join(token.text for token in name.tokens)) for name in names_of(entry)} == {
        ("title", "Remote Desktop Protocol old"),
        ("alias", "rdesktop"),
        ("anchor", "remote desktop"),
        ("short", "Remote Desktop Protocol"),
        ("initials", "RDP"),
        ("heading", "How to connect"),
    }


def test_emoji_and_ornaments_are_no_part_of_a_name() -> None:
    names = Names.build([Entry(A, "📅 Events calendar"), Entry(B, "$- Паттерн Мост")])
    assert said(names, "the events calendar") == {(A, "title")}
    assert said(names, "паттерна мост") == {(B, "title")}


def test_links_elsewhere_are_counted() -> None:
    entry = Entry(A, "Network", anchors=("network", "Network", "the net"))
    assert {(name.text, name.uses) for name in names_of(entry)} == {("Network", 2), ("the net", 1)}


def test_names_without_letters_and_long_ones_are_left_out() -> None:
    assert list(names_of(Entry(A, "2024-05-01"))) == []
    assert list(names_of(Entry(A, "a b c d e f g h i j"))) == []


def test_a_link_says_where_a_title_is_not_enough() -> None:
    one, two = VaultPath("X/Note.md"), VaultPath("Y/Note.md")
    names = Names.build([Entry(one, "Note"), Entry(two, "Note"), Entry(A, "A")])
    assert names.written(two, A, heading="", text="note", table=False) == "[[Y/Note|note]]"
    assert names.written(A, one, heading="", text="A", table=False) == "[[A]]"


def test_layers_follow_changes() -> None:
    names = layers(Entry(A, "Docker"))
    assert names.put({A: Entry(A, "Docker")}) is False
    assert names.put({B: Entry(B, "Podman")}) is True
    assert said(names, "docker and podman") == {(A, "title"), (B, "title")}
    names.put({A: Entry(A, "Containers"), B: None})
    assert said(names, "docker and podman in containers") == {(A, "title")}


def test_layers_are_made_one_again() -> None:
    names = layers(Entry(A, "Docker"))
    many = {VaultPath(f"{i}.md"): Entry(VaultPath(f"{i}.md"), f"Thing{i} word") for i in range(400)}
    names.put(many)
    names.put({A: None})
    assert said(names, "docker, thing7 word and thing399 words") == {("7.md", "title"), ("399.md", "title")}
