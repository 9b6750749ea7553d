"""What is remembered of notes is forgotten when another policy holds."""

from tests.composed import Build
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath


async def test_no_note_stays_as_it_was_parsed(build: Build) -> None:
    famulus = build({"Note.md": "# Note\n\nA secret of some length stands here.\n"})
    await famulus.catch_up()
    path, data = VaultPath("Note.md"), b"# Note\n\nA secret of some length stands here.\n"
    known = parse_note(path, data)
    assert parse_note(path, data) is known
    famulus.forgetting.policy_changed()
    assert parse_note(path, data) is not known
