"""Mode `auto`: what the gate lets through is written, the rest waits; what the user takes out is told."""

from dataclasses import replace

import pytest

from agents.inbox.gate import Gate, Rules
from agents.inbox.inbox import Inbox
from agents.inbox.suggestion import Suggestion, suggestion_id
from agents.properties.properties import Properties
from agents.related.link import moved, own_hash
from tests.unit.agents.related.test_link import HASH, INDEX, NOTES, TREE, Desk, desk
from vault_sync.errors import StaleEditError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit
from vault_sync.writing.properties import wanted

__all__ = ["desk"]


async def test_what_the_gate_does_not_let_through_waits(desk: Desk) -> None:
    best, second = await desk.linker.suggest(TREE)
    desk.gate = Gate(desk.state, Rules({"link": best.score}))
    found = await desk.auto(TREE)
    assert found is not None and found.edit is not None
    assert [each.target for each in found.written] == [best.target]
    assert [each.target for each in found.waiting] == [second.target]
    await desk.apply(found.edit)
    inbox = Inbox(desk.state, desk.read, {"link": desk.linker})
    inbox.replace(TREE, "link", found.waiting)
    await inbox.accept(found.waiting[0].id, desk.apply)
    desk.save(TREE, "Keys are sorted.\n\n" + desk.text(TREE))
    again = await desk.auto(TREE)
    assert again is not None and (again.written, again.waiting) == ((), ())
    assert again.edit is None, "what was accepted stays, however low its score"


async def test_who_wants_to_is_told_of_links_that_were_taken_out(desk: Desk) -> None:
    told = list[tuple[VaultPath, set[VaultPath]]]()
    desk.linker.on_taken_out = lambda path, targets: told.append((path, targets))
    await desk.link(TREE)
    await desk.link(TREE)
    desk.save(TREE, NOTES[TREE])
    await desk.link(TREE)
    assert told == [(TREE, {INDEX, HASH})]


def test_suggestions_follow_moved_notes() -> None:
    edit = Edit(TREE, "00", Span(0, 0), "", "x")
    made = Suggestion(
        suggestion_id("link", TREE, HASH), "link", TREE, HASH, "direct", 1.0, "", "", edit, "quotation", 1.0
    )
    new = VaultPath("New.md")
    assert moved(made, TREE, new) == replace(
        made, id=suggestion_id("link", new, HASH), path=new, edit=replace(edit, path=new)
    )
    assert moved(made, HASH, new) == replace(made, id=suggestion_id("link", TREE, new), target=new)


async def test_what_famulus_itself_changes_in_the_note_makes_no_link_stale(desk: Desk) -> None:
    proposals = Properties()
    inbox = Inbox(
        desk.state, desk.read, {"link": desk.linker, "properties": proposals}, own=lambda *of: (own_hash(*of),)
    )
    data = desk.read(TREE) or b""
    inbox.replace(TREE, "link", await desk.linker.review(TREE, data) or [])
    tags = proposals.suggest(TREE, data, wanted(["keys"], None), "Why not.")
    assert tags is not None
    inbox.add(tags)
    first, second = inbox.list("pending", TREE, "link")
    await inbox.accept(tags.id, desk.apply)
    assert (await inbox.accept(first.id, desk.apply)).state == "applied"
    desk.save(TREE, "Mine.\n" + desk.text(TREE))
    with pytest.raises(StaleEditError):
        await inbox.accept(second.id, desk.apply)


def test_a_note_that_can_not_be_trusted_has_no_hash() -> None:
    assert own_hash(TREE, b"\xff") == own_hash(TREE, b"%% famulus:related %%\n") == ""
    assert own_hash(TREE, b"a") != own_hash(TREE, b"b")
