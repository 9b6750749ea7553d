import pytest

from vault_sync.notes.parse import parse_note
from vault_sync.notes.sections import find_section, untrusted_sections
from vault_sync.paths import VaultPath

OPEN, CLOSE = "%% famulus:related %%", "%% /famulus:related %%"
WHOLE = f"{OPEN}\n- [[A]]\n{CLOSE}"


def untrusted(text: str) -> dict[str, str]:
    note = parse_note(VaultPath("n.md"), text.encode())
    return untrusted_sections(note.text, note.regions)


@pytest.mark.parametrize(
    "text", ["no section", f"text\n\n{WHOLE}\n", f"{WHOLE}\n{WHOLE.replace('related', 'other')}\n"]
)
def test_whole_sections_are_trusted(text: str) -> None:
    assert untrusted(text) == {}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (f"{OPEN}\n- [[A]]\n", "damaged"),
        (f"- [[A]]\n{CLOSE}\n", "damaged"),
        (f"{OPEN}\n- [[A]]\n%% /famulus:related\n", "damaged"),
        (f"%%famulus:related%%\n- [[A]]\n{CLOSE}\n", "damaged"),
        (f"{WHOLE}\n\n{WHOLE}\n", "doubled"),
        (f"{OPEN}\n{WHOLE}\n{CLOSE}\n", "nested"),
        (f"text {OPEN}\n- [[A]]\n{CLOSE}\n", "share a line"),
        (f"```\n{WHOLE}\n```\n", "code"),
        (f"Write `{OPEN}` there.\n\n{WHOLE}\n", "code"),
    ],
)
def test_what_can_not_be_trusted_is_named_with_its_cause(text: str, cause: str) -> None:
    found = untrusted(text)
    assert list(found) == ["related"] and cause in found["related"]


def test_trouble_with_one_section_leaves_the_others() -> None:
    text = f"{WHOLE}\n\n%% famulus:lessons %%\nunclosed\n"
    assert list(untrusted(text)) == ["lessons"]
    note = parse_note(VaultPath("n.md"), text.encode())
    span = find_section(note.text, note.regions, "related")
    assert span is not None and note.text[span.start : span.end] == WHOLE
