"""Mentions in a running vault: proposed, accepted, refused, written by themselves, undone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from agents.mentioner import KIND
from agents.suggestion import Suggestion
from daemon.app import build_app
from daemon.compose import Famulus, compose
from daemon.config import LinkingSection, MentionsSection, NotesSection, RuleSection, Settings, WritingSection
from tests.fakes.embedder import WordEmbedder
from vault_sync.journal import Selection
from vault_sync.paths import VaultPath

HERE = VaultPath("Дневник.md")
TEXT = "Вернулся к квантованию и к гибридному поиску.\r\n\r\n## Дальше\r\n\r\nДумаю о квантовании.\r\n"
NOTES = {
    HERE: TEXT,
    "Квантование.md": "# Квантование\n\nМеньше бит на вес.\n",
    "Гибридный поиск.md": "Слова и смысл.\n",
    "Тайное/Дума.md": "Думаю.\n",
    "Templates/Дальше.md": "Образец.\n",
}
LINKED = (
    "Вернулся к [[Квантование|квантованию]] и к [[Гибридный поиск|гибридному поиску]].\r\n\r\n## Дальше\r\n\r\n"
    "Думаю о [[Квантование|квантовании]].\r\n"
)

# No model is asked for reasons: this is about mentions.
RULES = [RuleSection(paths=["Тайное"], deny=["links"]), RuleSection(paths=["**"], deny=["prompt"])]

Build = Callable[..., Awaitable[Famulus]]


@pytest.fixture
async def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Build]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("daemon.engines.host._build_embedder", lambda *_: WordEmbedder())
    for path, text in NOTES.items():
        (tmp_path / "vault" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vault" / path).write_bytes(text.encode())
    built = []

    async def make(**linking: object) -> Famulus:
        settings = Settings(
            vault=tmp_path / "vault",
            data_dir=tmp_path / "data",
            notes=NotesSection(polling=True, rules=RULES),
            linking=LinkingSection(**linking),
            writing=WritingSection(settle_seconds=0),
        )
        famulus = compose(settings)
        built.append(famulus)
        await famulus.catch_up()
        return famulus

    yield make
    for famulus in built:
        await famulus.close()


def text_of(famulus: Famulus) -> str:
    return (famulus.vault.root / HERE).read_bytes().decode()


def asking(famulus: Famulus) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(build_app(famulus, serve=False), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {famulus.token}"}
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)


async def mentions(famulus: Famulus) -> list[Suggestion]:
    return [s for s in await famulus.linking.suggest(HERE, keep=True) if s.kind == KIND]


async def test_mentions_are_proposed_and_accepted_one_by_one(build: Build) -> None:
    famulus = await build()
    async with asking(famulus) as client:
        made = (await client.post("/api/suggestions", json={"path": HERE})).json()["suggestions"]
        found = [each for each in made if each["kind"] == KIND]
        assert [each["edit"]["before"] for each in found] == ["квантованию", "гибридному поиску", "квантовании"]
        assert found[0]["reason"] == "«квантованию» — это название заметки «Квантование»."
        for each in reversed(found):
            assert (await client.post(f"/api/suggestions/{each['id']}/accept")).status_code == 200
    assert text_of(famulus) == LINKED
    await famulus.catch_up()
    assert await mentions(famulus) == []


async def test_a_dry_run_keeps_nothing(build: Build) -> None:
    famulus = await build()
    assert await famulus.linking.suggest(HERE, keep=False)
    assert famulus.inbox.list("pending", kind=KIND) == []


async def test_a_refused_pair_is_not_proposed_again(build: Build) -> None:
    famulus = await build()
    first = (await mentions(famulus))[0]
    famulus.inbox.reject(first.id)
    found = await mentions(famulus)
    assert [s.target for s in found] == ["Гибридный поиск.md"]


async def test_in_auto_mode_all_are_written_at_once_and_only_once(build: Build) -> None:
    famulus = await build(mode="auto")
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus).startswith(LINKED.rstrip())
    assert len(famulus.journal.entries(Selection(feature=KIND))) == 1
    await famulus.catch_up()
    before = text_of(famulus)
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus) == before


async def test_below_the_threshold_it_waits(build: Build) -> None:
    famulus = await build(mode="auto", threshold={KIND: 1.0})
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus).startswith(TEXT.rstrip())
    assert len(famulus.inbox.list("pending", kind=KIND)) == 3


async def test_a_link_that_the_user_took_out_is_not_written_again(build: Build) -> None:
    famulus = await build(mode="auto")
    await famulus.linking.on_saved(HERE, "auto")
    await famulus.catch_up()
    await famulus.linking.on_saved(HERE, "auto")
    without = text_of(famulus).replace("[[Гибридный поиск|гибридному поиску]]", "гибридному поиску")
    (famulus.vault.root / HERE).write_bytes(without.encode())
    await famulus.catch_up()
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus).startswith(without[: without.index("%%")].rstrip())


async def test_what_was_undone_is_refused(build: Build) -> None:
    famulus = await build(mode="auto")
    await famulus.linking.on_saved(HERE, "auto")
    await famulus.undoing.undo(Selection(feature=KIND))
    await famulus.catch_up()
    assert await mentions(famulus) == []
    assert "[[Квантование|" not in text_of(famulus)


async def test_a_note_that_may_not_be_linked_or_is_a_template_is_no_name(build: Build) -> None:
    famulus = await build(mentions=MentionsSection(in_headings=True, least=0))
    (famulus.vault.root / HERE).write_text("Дума и Дальше и думы.\n")
    await famulus.catch_up()
    assert await mentions(famulus) == []


async def test_it_can_be_switched_off(build: Build) -> None:
    famulus = await build(mentions=MentionsSection(enabled=False))
    assert await mentions(famulus) == []


async def test_a_note_that_comes_later_is_a_name_at_once(build: Build) -> None:
    famulus = await build()
    (famulus.vault.root / "Смысл жизни.md").write_text("Сорок два.\n")
    (famulus.vault.root / HERE).write_text("О смысле жизни.\n")
    await famulus.catch_up()
    found = [s.edit.after for s in await mentions(famulus)]
    assert found == ["[[Смысл жизни|смысле жизни]]"]
    (famulus.vault.root / "Смысл жизни.md").unlink()
    await famulus.catch_up()
    assert await mentions(famulus) == []
