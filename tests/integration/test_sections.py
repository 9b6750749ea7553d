"""A section by the user's prompt, by a real daemon with the starter models, from the question to the bytes."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process import Daemon
from vault_sync.notes.parse import parse_note
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath

pytestmark = pytest.mark.slow

NOTE = VaultPath("Bread.md")
BREAD = """# Bread

Bread is flour, water and salt that a starter of wild yeast has raised.

## Rules

The dough rests for twelve hours in the fridge before it is shaped. The oven must be heated to 250 degrees before the
loaf goes in. A loaf that is cut while it is warm turns sticky.

## History

My grandmother baked every Saturday, and half of the village came to her door. She wrote nothing down. I measured what
she did by eye for a whole winter, and now the numbers stand here.
"""
PROMPT = """---
famulus: section
famulus-name: rules
famulus-heading: What to keep to
famulus-when: ask
---
How many hours does the dough rest in the fridge? To how many degrees must the oven be heated?
"""


def test_asked_for_accepted_and_stable(start: Callable[..., Daemon], vault: Path, starter_model: Path) -> None:
    (vault / "Famulus/Sections").mkdir(parents=True)
    (vault / "Famulus/Sections/Rules.md").write_text(PROMPT, encoding="utf-8")
    (vault / NOTE).write_text(BREAD, encoding="utf-8")
    daemon = start()
    daemon.ready()
    body = {"path": NOTE, "section": "rules"}
    with daemon.client() as client:
        [made] = client.post("/api/suggestions", json=body).json()["suggestions"]
        assert (made["kind"], made["target"]) == ("section", "Famulus/Sections/Rules.md")
        assert (vault / NOTE).read_text(encoding="utf-8") == BREAD, "nothing is written before it is accepted"
        assert client.post(f"/api/suggestions/{made['id']}/accept").json()["suggestion"]["state"] == "applied"
        written = (vault / NOTE).read_bytes()
        assert client.post("/api/suggestions", json=body).json()["suggestions"] == [], "twice changes nothing"
        assert (vault / NOTE).read_bytes() == written
    text = written.decode()
    assert text.startswith(BREAD.rstrip() + "\n\n%% famulus:rules %%\n## What to keep to\n")
    assert "twelve hours" in text[len(BREAD) :] or "250" in text[len(BREAD) :]
    used = re.findall(r"(\[\^famulus-rules-\d+\])$", text, re.MULTILINE)
    assert used and all(text.count(f"{label}: [[") == 1 for label in used), "every line has its source"
    note = parse_note(NOTE, written)
    paths = [VaultPath(file.relative_to(vault).as_posix()) for file in vault.rglob("*.md")]
    assert all(Resolver(paths).resolve_link(link, NOTE) for link in note.links if link.in_managed)
    undone = daemon.command("undo", "--feature", "section")
    assert undone.returncode == 0, undone.stderr
    assert (vault / NOTE).read_text(encoding="utf-8") == BREAD
