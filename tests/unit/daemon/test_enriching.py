"""Tags and descriptions that Famulus proposes by itself, from a save to the bytes in the note."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from daemon.compose import Famulus, compose
from daemon.config import LinkingSection, Mode, NotesSection, Settings, WritingSection
from tests.fakes.embedder import WordEmbedder
from vault_sync.paths import VaultPath

NEW = VaultPath("Tea/Oolong.md")
TEXT = "# Oolong\n\nOolong is a tea of leaves that are half oxidised. Water of ninety degrees brews the leaves well.\n"
TEAS = ["Green", "Black", "White", "Yellow", "Herbal", "Sencha", "Assam", "Matcha"]

Make = Callable[..., Famulus]


@pytest.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("daemon.engines.host._build_embedder", lambda *_: WordEmbedder())
    built: list[Famulus] = []
    for name in TEAS:
        put(tmp_path, f"Tea/{name}.md", f"---\ntags: [drinks/tea]\n---\n# {name}\n\n{name} tea: water brews leaves.\n")
    for name in ("Soup", "Bread", "Stew", "Pie"):
        put(tmp_path, f"Food/{name}.md", f"---\ntags: [food]\n---\n# {name}\n\nCook {name} with salt and garlic.\n")
    put(tmp_path, NEW, TEXT)

    def make(mode: Mode = "review", **linking: bool) -> Famulus:
        built.append(
            compose(
                Settings(
                    vault=tmp_path / "vault",
                    data_dir=tmp_path / "data",
                    notes=NotesSection(polling=True),
                    writing=WritingSection(settle_seconds=0),
                    linking=LinkingSection(mode=mode, **linking),
                )
            )
        )
        return built[-1]

    yield make
    for famulus in built:
        await famulus.close()


def put(folder: Path, path: str, text: str) -> None:
    file = folder / "vault" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


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


async def test_in_auto_they_are_written_at_once_and_undone_as_one(make: Make, tmp_path: Path) -> None:
    famulus = make("auto")
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "auto")
    head = "---\ndescription: Oolong is a tea of leaves that are half oxidised.\ntags:\n  - drinks/tea\n---\n"
    assert famulus.text_of(NEW) == head + TEXT
    assert [entry.feature for entry in famulus.journal.entries()] == ["properties"]
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "auto")
    assert famulus.text_of(NEW) == head + TEXT
    put(tmp_path, NEW, TEXT)  # the user takes both out again
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


async def test_a_note_that_has_a_description_keeps_it(make: Make, tmp_path: Path) -> None:
    put(tmp_path, NEW, "---\ntags: [drinks/tea]\ndescription: mine\n---\n" + TEXT)
    famulus = make("auto")
    await famulus.catch_up()
    await famulus.enriching.on_saved(NEW, "auto")
    assert (famulus.text_of(NEW) or "").startswith("---\ntags: [drinks/tea]\ndescription: mine\n---\n")
