import pytest

from vault_sync.paths import VaultPath
from vault_sync.policy import Policy

POLICY = Policy(exclude=("Secret", "**/drafts/*.md", "*.excalidraw.md"))


@pytest.mark.parametrize(
    ("path", "readable"),
    [
        ("a.md", True),
        ("A.MD", True),
        ("image.png", False),
        (".obsidian/x.md", False),
        ("a/.trash/x.md", False),
        ("secret/x.md", False),
        ("Secrets/x.md", True),
        ("w/drafts/x.md", False),
        ("x.excalidraw.md", False),
        ("a.sync-conflict-20260101-120000-ABC.md", False),
        ("a (conflicted copy 2026-01-01).md", False),
    ],
)
def test_readable(path: str, readable: bool) -> None:
    assert POLICY.readable(VaultPath(path)) is readable


def test_templates_are_read_and_never_written() -> None:
    path = VaultPath("Templates/daily.md")
    assert POLICY.readable(path) and not POLICY.writable(path)
    assert POLICY.writable(VaultPath("a.md")) and not POLICY.writable(VaultPath("Secret/a.md"))


@pytest.mark.parametrize("value", [True, "true", "Yes", 1])
def test_private_notes(value: object) -> None:
    assert POLICY.private({"private": value}) and POLICY.private({"famulus-ignore": value})


@pytest.mark.parametrize("value", [False, None, "no", 0, []])
def test_notes_that_are_not_private(value: object) -> None:
    assert not POLICY.private({"private": value})
