import json
from pathlib import Path
from typing import Any

import pytest

from vault_sync.errors import StaleEditError, WriteRefusedError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import ABSENT, BOM, Edit, apply, content_hash

PATH = VaultPath("n.md")
CASES = json.loads((Path(__file__).parents[3] / "cases/edits.json").read_text(encoding="utf-8"))["edits"]


def edit_of(data: bytes, span: tuple[int, int], before: str, after: str) -> Edit:
    return Edit(PATH, content_hash(data), Span(*span), before, after)


def test_counts_code_points_after_the_byte_order_mark() -> None:
    data = BOM + "😀ё старое\r\n".encode()
    assert apply(edit_of(data, (3, 9), "старое", "новое"), data) == BOM + "😀ё новое\r\n".encode()


def test_a_changed_note_makes_it_stale() -> None:
    edit = edit_of(b"old text", (0, 3), "old", "new")
    with pytest.raises(StaleEditError):
        apply(edit, b"old text!")
    with pytest.raises(StaleEditError):
        apply(edit, None)


def test_another_text_at_the_place_makes_it_stale() -> None:
    data = b"some text"
    with pytest.raises(StaleEditError):
        apply(edit_of(data, (0, 4), "SOME", "x"), data)


def test_a_new_note_never_replaces_one() -> None:
    edit = Edit(PATH, ABSENT, Span(0, 0), "", "hello")
    assert apply(edit, None) == b"hello"
    with pytest.raises(StaleEditError):
        apply(edit, b"")


@pytest.mark.parametrize("span", [(5, 9), (4, 9), (3, 2), (-1, -1)])
def test_a_place_that_no_text_has_makes_it_stale(span: tuple[int, int]) -> None:
    data = b"text"
    with pytest.raises(StaleEditError):
        apply(edit_of(data, span, data.decode()[slice(*span)], "x"), data)


def test_half_a_character_is_written_nowhere() -> None:
    with pytest.raises(WriteRefusedError):
        apply(edit_of(b"text", (0, 4), "text", "\ud83c"), b"text")


def bytes_of(note: dict[str, Any] | None) -> bytes | None:
    if note is None or note["text"] is None:
        return None
    return (BOM if note.get("bom") else b"") + str(note["text"]).encode()


@pytest.mark.parametrize("case", [case for case in CASES if case["span"]], ids=lambda case: str(case["name"]))
def test_a_case_that_the_plugin_reads_too(case: dict[str, Any]) -> None:
    data, base = bytes_of(case), bytes_of(case.get("base", case))
    base_hash = ABSENT if base is None else content_hash(base)
    edit = Edit(PATH, base_hash, Span(*case["span"]), case["before"], case["after"])
    if case["error"]:
        with pytest.raises(StaleEditError) as stale:
            apply(edit, data)
        assert stale.value.code == case["error"]
    else:
        assert apply(edit, data) == bytes_of({**case, "text": case["expected"]})
