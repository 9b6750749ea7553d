import pytest

from agents.mention.prose import prose
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath


def left(text: str, *, headings: bool = False) -> str:
    note = parse_note(VaultPath("A.md"), text.encode())
    return "|".join(text[span.start : span.end] for span in prose(note, headings=headings)).strip("|")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a [b](https://x.org/y) c", "a | c"),
        ("a [[b]] ![[c]] d", "a | | d"),
        ("a <https://x.org> b <i>c</i>", "a | b |c"),
        ("a #tag/b, c", "a |, c"),
        ("key:: value", " value"),
        ("a ^id", "a "),
        ("- [ ] do", "- | do"),
        ("> [!note] Title\n> text", "\n> text"),
        ("a@b.org and www.x.org", " and "),
        ("---\nx: y\n---\na", "a"),
    ],
)
def test_only_prose_is_left(text: str, expected: str) -> None:
    assert left(text) == expected


def test_headings_are_left_by_setting() -> None:
    assert left("# One\n\ntwo") == "\n\ntwo"
    assert left("# One\n\ntwo", headings=True) == "# One\n\ntwo"


def test_hostile_text_takes_no_time_worth_speaking_of() -> None:
    for hostile in ("[" * 20_000, "<%" * 20_000, "a@" * 20_000, "{{" * 20_000, "#" * 20_000, "<a" * 20_000):
        left(hostile)
