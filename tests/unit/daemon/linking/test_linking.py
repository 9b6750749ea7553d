"""What linking a saved note does, all kinds of suggestions together."""

import pytest

from agents.related.affinity import Background, background
from tests.composed import Build
from vault_sync.index.ledger import Ledger
from vault_sync.notes.blocks import Layout, layout_of
from vault_sync.notes.lines import Lines
from vault_sync.notes.parse import forget_parsed
from vault_sync.paths import VaultPath

NOTE = VaultPath("Tea/Oolong.md")
NOTES = {
    f"Tea/{name}.md": f"---\ntags: [tea]\n---\n# {name}\n\n{name} is a tea. Water brews its leaves.\n"
    for name in ("Oolong", "Green", "Black", "White", "Yellow", "Herbal", "Sencha", "Assam", "Matcha")
}


async def test_the_note_is_parsed_once_for_all_kinds(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    famulus = build(NOTES)
    await famulus.catch_up()
    forget_parsed()
    parsed: list[str] = []

    def counted(text: str, lines: Lines, body_start: int) -> Layout:
        parsed.append(text)
        return layout_of(text, lines, body_start)

    monkeypatch.setattr("vault_sync.notes.parse.layout_of", counted)
    await famulus.linking.on_saved(NOTE, "review")
    assert famulus.inbox.list("pending", NOTE)
    assert parsed.count(NOTES[NOTE]) == 1


async def test_the_vault_is_sampled_once_for_all_kinds(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    famulus = build(NOTES)
    await famulus.catch_up()
    famulus.sample.forget()
    taken: list[Ledger] = []

    def counted(ledger: Ledger) -> Background:
        taken.append(ledger)
        return background(ledger)

    monkeypatch.setattr("agents.related.sample.background", counted)
    await famulus.linking.on_saved(NOTE, "review")
    assert famulus.inbox.list("pending", NOTE, "properties")
    assert len(taken) == 1
