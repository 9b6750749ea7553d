import json
from pathlib import Path
from typing import Any

import pytest

from vault_sync.errors import BadPropertyError, PropertiesError
from vault_sync.notes.frontmatter import MAX_CHARS
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import BOM, apply
from vault_sync.writing.properties import Wanted, change, edit_for, wanted

CASES = json.loads((Path(__file__).parents[3] / "cases" / "properties.json").read_text(encoding="utf-8"))
PATH = VaultPath("Заметки/Note.md")


def goal(case: dict[str, Any]) -> Wanted:
    return wanted(case.get("tags", ()), case.get("description"))


def changed(data: bytes, want: Wanted) -> bytes:
    edit = edit_for(parse_note(PATH, data), data, want)
    return apply(edit, data) if edit else data


@pytest.mark.parametrize("case", [c for c in CASES["change"] if "error" not in c], ids=lambda case: case["name"])
@pytest.mark.parametrize("mark", [b"", BOM], ids=["plain", "bom"])
def test_what_the_note_becomes(case: dict[str, Any], mark: bytes) -> None:
    data = mark + case["note"].encode()
    result = changed(data, goal(case))
    assert result.decode() == (mark + (case["expected"] or case["note"]).encode()).decode()
    assert edit_for(parse_note(PATH, result), result, goal(case)) is None, "twice is once"


@pytest.mark.parametrize("case", [c for c in CASES["change"] if "error" in c], ids=lambda case: case["name"])
def test_what_is_left_alone(case: dict[str, Any]) -> None:
    with pytest.raises(PropertiesError, match=case["error"]) as error:
        changed(BOM + case["note"].encode(), goal(case))
    assert str(PATH) in error.value.effect and error.value.cause and error.value.fix


@pytest.mark.parametrize("case", CASES["wanted"], ids=repr)
def test_what_can_not_be_wanted(case: dict[str, Any]) -> None:
    with pytest.raises(BadPropertyError, match=case["error"]) as error:
        goal(case)
    assert error.value.fix


def test_an_edit_holds_whole_lines_and_no_others() -> None:
    note = parse_note(PATH, "---\nа: 😀\ntags: [a]\nz: 1\n---\n".encode())
    made = change(note, wanted(["new"]))
    assert made is not None
    assert (made.before, made.after) == ("tags: [a]", "tags: [a, new]")
    assert note.text[made.span.start : made.span.end] == made.before


def test_lines_between_two_changes_are_in_it_as_they_were() -> None:
    note = parse_note(PATH, b"---\ntags: [a]\nx:  'y' # z\ndescription: Old\n---\n")
    made = change(note, wanted(["new"], "New"))
    assert made is not None
    assert made.after == "tags: [a, new]\nx:  'y' # z\ndescription: New"


def test_a_new_line_replaces_nothing() -> None:
    made = change(parse_note(PATH, b"---\ntags:\n  - a\n---\n"), wanted(["new"]))
    assert made is not None
    assert (made.before, made.after) == ("", "  - new\n")


def test_frontmatter_that_would_be_too_large_to_read_is_left_alone() -> None:
    entry = "x: " + "w" * (MAX_CHARS - len("x: \n") - len("tags:\n  - new\n"))
    data = f"---\n{entry}\n---\n".encode()
    assert len(changed(data, wanted(["new"]))) == len(data) + len("tags:\n  - new\n")
    with pytest.raises(PropertiesError, match="characters"):
        changed(data, wanted(["newer"]))


def test_tags_are_kept_once_in_the_first_spelling() -> None:
    assert wanted(["#Tea", "tea", "b"]) == Wanted(("Tea", "b"))
