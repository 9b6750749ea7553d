"""A tag and a description for every note of three real vaults: only their lines change, or the note is left alone."""

import difflib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_real_vaults import VAULTS
from vault_sync.errors import PropertiesError
from vault_sync.notes.frontmatter import description_of, tags_of
from vault_sync.notes.note import Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import vault_path
from vault_sync.writing.edit import Edit, apply, content_hash
from vault_sync.writing.properties import edit_for, wanted

pytestmark = pytest.mark.slow
GOAL = wanted(["famulus/проверка"], "Вопрос: what is #this?")
LEFT_ALONE = {
    "techwiki-en": Counter(),
    "brainnet-ru": Counter({"The note begins with `---` but has no frontmatter": 3}),
    "dataeng-en": Counter(),
}
"""How many notes of each vault can not be changed, by reason; all others are."""


def notes(root: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(root.rglob("*.md")):
        yield file.relative_to(root).as_posix(), file.read_bytes()


def changed_lines(before: str, after: str) -> Iterator[tuple[list[str], list[str]]]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield old[a:b], new[c:d]


@pytest.mark.parametrize("name", VAULTS)
def test_a_tag_and_a_description_change_only_their_lines(name: str, fixtures_dir: Path) -> None:
    left: Counter[str] = Counter()
    for path, data in notes(fixtures_dir / "vaults" / name):
        note = parse_note(vault_path(path), data)
        try:
            edit = edit_for(note, data, GOAL)
        except PropertiesError as error:
            left[error.cause.partition(":")[0]] += 1
            continue
        assert edit is not None
        result = apply(edit, data)
        now = parse_note(note.path, result)
        for gone, _ in changed_lines(note.text, now.text):
            assert all(line.lower().startswith(("description:", "tags:")) for line in gone), (path, gone)
        assert {*tags_of(note.frontmatter), *GOAL.tags} == {*tags_of(now.frontmatter)}
        assert description_of(now.frontmatter) == GOAL.description
        assert now.text[now.body_start :] == note.text[note.body_start :]
        assert edit_for(now, result, GOAL) is None
        span = Span(edit.span.start, edit.span.start + len(edit.after))
        assert apply(Edit(edit.path, content_hash(result), span, edit.after, edit.before), result) == data
    assert left == LEFT_ALONE[name]
