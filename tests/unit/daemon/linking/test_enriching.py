"""Tags and descriptions that Famulus proposes by itself, from a save to the bytes in the note."""

from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.compose import Famulus
from daemon.config import LinkingSection, Mode
from tests.composed import Build, put
from vault_sync.paths import VaultPath
from vault_sync.writing.properties import wanted

NEW = VaultPath("Tea/Oolong.md")
TEXT = "# Oolong\n\nOolong is a tea of leaves that are half oxidised. Water of ninety degrees brews the leaves well.\n"
TEAS = ["Green", "Black", "White", "Yellow", "Herbal", "Sencha", "Assam", "Matcha"]

Make = Callable[..., Famulus]


@pytest.fixture
def make(build: Build, root: Path) -> Make:
    notes = {
        f"Tea/{name}.md": f"---\ntags: [drinks/tea]\n---\n# {name}\n\n{name} tea: water brews leaves.\n"
        for name in TEAS
    }
    for name in ("Soup", "Bread", "Stew", "Pie"):
        notes[f"Food/{name}.md"] = f"---\ntags: [food]\n---\n# {name}\n\nCook {name} with salt and garlic.\n"
    notes[NEW] = TEXT
    put(root, notes)

    def make(mode: Mode = "review", **linking: bool) -> Famulus:
        return build(linking=LinkingSection(mode=mode, **linking))

    return make


async def test_a_tag_and_a_description_wait_in_the_inbox(make: Make) -> None:
    famulus = make()
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "review")
    found = famulus.inbox.list("pending", NEW, "properties")
    assert [one.detail.get("description") for one in found if one.detail["tags"] == ""] == [
        "Oolong is a tea of leaves that are half oxidised."
    ]
    assert [one.detail["tags"] for one in found if one.detail["tags"]] == ["drinks/tea"]
    assert all(one.produced_by == "famulus" and one.score and one.reason for one in found)
    assert famulus.text_of(NEW) == TEXT
    await famulus.enriching.on_saved(NEW, "review")
    again = famulus.inbox.list("pending", NEW, "properties")
    assert [(one.id, one.edit) for one in again] == [(one.id, one.edit) for one in found]


async def test_after_a_no_neither_comes_again(make: Make) -> None:
    famulus = make()
    await famulus.catch_up()
    for one in await famulus.enriching.suggest(NEW, keep=True):
        famulus.deciding.reject(one.id)
    assert await famulus.enriching.suggest(NEW, keep=True) == []
    assert await famulus.enriching.suggest(NEW, keep=False) == []


async def test_in_auto_they_are_written_at_once_and_undone_as_one(make: Make, root: Path) -> None:
    famulus = make("auto")
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "auto")
    head = "---\ndescription: Oolong is a tea of leaves that are half oxidised.\ntags:\n  - drinks/tea\n---\n"
    assert famulus.text_of(NEW) == head + TEXT
    assert [entry.feature for entry in famulus.journal.entries()] == ["properties"]
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "auto")
    assert famulus.text_of(NEW) == head + TEXT
    put(root, {NEW: TEXT})  # the user takes both out again
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "auto")
    assert famulus.text_of(NEW) == TEXT and famulus.inbox.list("pending", NEW) == []


async def test_settings_turn_each_off(make: Make) -> None:
    famulus = make(tags=False)
    await famulus.catch_up()
    assert [one.detail["tags"] for one in await famulus.enriching.suggest(NEW, keep=False)] == [""]
    await famulus.close()
    famulus = make(description=False)
    assert [one.detail["tags"] for one in await famulus.enriching.suggest(NEW, keep=False)] == ["drinks/tea"]


async def test_a_note_that_has_a_description_keeps_it(make: Make, root: Path) -> None:
    put(root, {NEW: "---\ntags: [drinks/tea]\ndescription: mine\n---\n" + TEXT})
    famulus = make("auto")
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "auto")
    assert (famulus.text_of(NEW) or "").startswith("---\ntags: [drinks/tea]\ndescription: mine\n---\n")


async def test_what_the_note_has_by_now_does_not_wait_any_more(make: Make, root: Path) -> None:
    famulus = make()
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "review")
    assert len(famulus.inbox.list("pending", NEW, "properties")) == 2
    put(root, {NEW: "---\ntags: [Drinks/Tea]\ndescription: mine\n---\n" + TEXT})
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "review")
    assert famulus.inbox.list(None, NEW, "properties") == []


async def test_what_nothing_speaks_for_any_more_is_withdrawn_and_may_come_again(make: Make, root: Path) -> None:
    famulus = make()
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "review")
    before = {one.id for one in famulus.inbox.list("pending", NEW, "properties")}
    put(root, {NEW: "# Oolong\n\nCook it with salt, garlic and bread. Cook soup and stew with garlic and salt too.\n"})
    for name in TEAS:
        (root / "Tea" / f"{name}.md").unlink()
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "review")
    left = famulus.inbox.list("pending", NEW, "properties")
    assert not before & {one.id for one in left}
    put(root, {NEW: TEXT})
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "review")
    assert before & {one.id for one in famulus.inbox.list("pending", NEW, "properties")}


async def test_what_other_tools_propose_is_left_alone(make: Make) -> None:
    famulus = make()
    await famulus.catch_up()
    data = (famulus.text_of(NEW) or "").encode()
    made = famulus.properties.suggest(NEW, data, wanted(["other"]), "Because.", produced_by="n8n")
    assert made is not None
    famulus.inbox.add(made)
    await famulus.enriching.on_saved(NEW, "review")
    assert famulus.inbox.get(made.id).state == "pending"
