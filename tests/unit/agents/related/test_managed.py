import json
from pathlib import Path
from typing import Any

import pytest

from agents.related.managed import CLOSE, OPEN, ManagedSectionError, change, edit_for, find, own_text, present
from agents.related.merge import Item, Written
from agents.related.section import Relation
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import apply

CASES = json.loads((Path(__file__).parents[3] / "cases" / "managed.json").read_text(encoding="utf-8"))
PATH = VaultPath("Note.md")
KNOWN = ("Index", "B-tree", "Индекс")


def resolve(name: str) -> VaultPath | None:
    return VaultPath(f"{name}.md") if name in KNOWN else None


def merged(text: str, items: list[Item], written: list[Written], mark: bytes = b"") -> str:
    data = mark + text.encode()
    note = parse_note(PATH, data)
    made = change(note, items, written, resolve)
    result = apply(edit_for(note, data, made), data) if made else data
    assert result.startswith(mark)
    return result[len(mark) :].decode()


def written_of(raw: list[dict[str, Any]]) -> list[Written]:
    return [Written(Item(**w["item"]), w["label"]) for w in raw]


def item(name: str, relation: Relation = "direct", reason: str = "“Why.”") -> Item:
    return Item(VaultPath(f"{name}.md"), relation, f"[[{name}]]", reason, f"[[{name}]]")


@pytest.mark.parametrize("case", CASES["merge"], ids=lambda case: case["name"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_merge(case: dict[str, Any], mark: bytes) -> None:
    items = [Item(**raw) for raw in case["items"]]
    assert merged(case["note"], items, written_of(case["written"]), mark) == case["expected"]


@pytest.mark.parametrize("case", CASES["untouchable"], ids=lambda case: case["name"])
def test_what_can_not_be_trusted_is_left_alone(case: dict[str, Any]) -> None:
    with pytest.raises(ManagedSectionError) as error:
        merged(case["note"], [item("Index")], [])
    assert error.value.cause
    assert error.value.fix


def test_a_note_of_another_sections_name_has_none() -> None:
    note = parse_note(PATH, b"%% famulus:related-ideas %%\nx\n%% /famulus:related-ideas %%\n")
    assert find(note) is None


def test_an_item_that_changes_its_group_keeps_its_label() -> None:
    first = [item("Index"), item("B-tree")]
    once = merged("Pages.\n", first, [])
    written = [Written(first[0], "famulus-1"), Written(first[1], "famulus-2")]
    twice = merged(once, [item("Index"), item("B-tree", "broader")], written)
    assert "### Broader\n- [[B-tree]] — “Why.”[^famulus-2]" in twice
    assert twice.count("[^famulus-2]") == 2


def test_an_item_that_the_user_moved_stays_there() -> None:
    once = merged("Pages.\n", [item("Index", "broader")], [])
    moved = once.replace("### Broader", "### Narrower")
    assert merged(moved, [item("Index", "broader")], [Written(item("Index", "broader"), "famulus-1")]) == moved


def test_a_footnote_that_the_user_cites_stays() -> None:
    once = merged("Pages[^famulus-1].\n\nEnd.\n", [item("Index")], [])
    cited = once.replace("End.", "See [^famulus-2].")
    left = merged(cited, [item("B-tree")], [Written(item("Index"), "famulus-2")])
    assert "[^famulus-2]: [[Index]]" in left
    assert "- [[B-tree]] — “Why.”[^famulus-3]" in left


def test_a_renamed_target_is_still_ours() -> None:
    once = merged("Pages.\n", [item("Index")], []).replace("[[Index]]", "[[B-tree]]")
    renamed = Written(item("B-tree"), "famulus-1")
    assert merged(once, [], [renamed]) == "Pages.\n"


def test_headings_of_the_user_stay() -> None:
    once = merged("Pages.\n", [item("Index")], []).replace("## Related ideas", "## See also")
    again = merged(once, [item("Index"), item("B-tree")], [Written(item("Index"), "famulus-1")])
    assert "## See also\n\n### Directly related\n- [[Index]]" in again


def test_own_text_is_the_same_with_and_without_the_section() -> None:
    plain = parse_note(PATH, b"Pages.\n")
    once = parse_note(PATH, merged("Pages.\n", [item("Index")], []).encode())
    assert own_text(plain) == own_text(once)


def test_present_names_what_is_listed() -> None:
    text = f"{OPEN}\n- [[Index]] — “Why.”[^famulus-1]\n- [[Gone]]\n[^famulus-1]: [[B-tree]]\n{CLOSE}\n"
    assert present(parse_note(PATH, text.encode()), resolve) == {"Index.md": "“Why.”", "?gone": ""}


def test_the_edit_touches_only_the_section() -> None:
    data = merged("Pages.\n", [item("Index")], []).encode()
    note = parse_note(PATH, data)
    made = change(note, [item("B-tree")], [Written(item("Index"), "famulus-1")], resolve)
    assert made is not None
    assert made.before.startswith(OPEN)
    assert made.before.endswith(CLOSE)


@pytest.mark.parametrize("end", ["```sh\nls", "%% a comment"])
def test_what_is_open_at_the_end_of_a_note_is_said_to_be_in_the_way(end: str) -> None:
    with pytest.raises(ManagedSectionError) as error:
        merged(f"Text.\n\n{end}\n", [item("Index")], [])
    assert "swallow" in error.value.cause and "Close" in error.value.fix
