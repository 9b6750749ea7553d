"""Mentions in a running vault: proposed, accepted, refused, written by themselves, undone."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agents.inbox.suggestion import Suggestion
from agents.mention.mentioner import KIND
from daemon.compose import Famulus
from daemon.config import LinkingSection, MentionsSection, NotesSection, RuleSection
from tests.composed import Build, asking, put
from vault_sync.paths import VaultPath
from vault_sync.writing.journal import Selection

HERE = VaultPath("Дневник.md")
FAR = "Так и живём, слово за слово. " * 15
TEXT = f"Вернулся к квантованию и к гибридному поиску.\r\n\r\n## Дальше\r\n\r\n{FAR}Думаю о квантовании.\r\n"
NOTES = {
    HERE: TEXT,
    "Квантование.md": "# Квантование\n\nМеньше бит на вес.\n",
    "Гибридный поиск.md": "Слова и смысл.\n",
    "Тайное/Дума.md": "Думаю.\n",
    "Templates/Дальше.md": "Образец.\n",
}
LINKED = (
    "Вернулся к [[Квантование|квантованию]] и к [[Гибридный поиск|гибридному поиску]].\r\n\r\n## Дальше\r\n\r\n"
    f"{FAR}Думаю о [[Квантование|квантовании]].\r\n"
)

# No model is asked for reasons: this is about mentions.
RULES = [RuleSection(paths=["Тайное"], deny=["links"]), RuleSection(paths=["**"], deny=["prompt"])]

Make = Callable[..., Awaitable[Famulus]]


@pytest.fixture
def make(build: Build, root: Path) -> Make:
    put(root, NOTES)

    async def make(**linking: object) -> Famulus:
        famulus = build(notes=NotesSection(polling=True, rules=RULES), linking=LinkingSection(**linking))
        await famulus.catch_up()
        return famulus

    return make


def text_of(famulus: Famulus) -> str:
    return (famulus.vault.root / HERE).read_bytes().decode()


async def mentions(famulus: Famulus) -> list[Suggestion]:
    return [s for s in await famulus.linking.suggest(HERE, keep=True) if s.kind == KIND]


async def test_mentions_are_proposed_and_accepted_one_by_one(make: Make) -> None:
    famulus = await make()
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


async def test_a_dry_run_keeps_nothing(make: Make) -> None:
    famulus = await make()
    assert await famulus.linking.suggest(HERE, keep=False)
    assert famulus.inbox.list("pending", kind=KIND) == []


async def test_a_refused_pair_is_not_proposed_again(make: Make) -> None:
    famulus = await make()
    first = (await mentions(famulus))[0]
    famulus.inbox.reject(first.id)
    found = await mentions(famulus)
    assert [s.target for s in found] == ["Гибридный поиск.md"]


async def test_in_auto_mode_all_are_written_at_once_and_only_once(make: Make) -> None:
    famulus = await make(mode="auto")
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus).startswith(LINKED.rstrip())
    assert len(famulus.journal.entries(Selection(feature=KIND))) == 1
    await famulus.catch_up()
    before = text_of(famulus)
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus) == before


async def test_below_the_threshold_it_waits(make: Make) -> None:
    famulus = await make(mode="auto", threshold={KIND: 1.0})
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus).startswith(TEXT.rstrip())
    assert len(famulus.inbox.list("pending", kind=KIND)) == 3


async def test_a_link_that_the_user_took_out_is_not_written_again(make: Make) -> None:
    famulus = await make(mode="auto")
    await famulus.linking.on_saved(HERE, "auto")
    await famulus.catch_up()
    await famulus.linking.on_saved(HERE, "auto")
    without = text_of(famulus).replace("[[Гибридный поиск|гибридному поиску]]", "гибридному поиску")
    (famulus.vault.root / HERE).write_bytes(without.encode())
    await famulus.catch_up()
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus).startswith(without[: without.index("%%")].rstrip())


async def test_what_was_undone_is_refused(make: Make) -> None:
    famulus = await make(mode="auto")
    await famulus.linking.on_saved(HERE, "auto")
    await famulus.undoing.undo(Selection(feature=KIND))
    await famulus.catch_up()
    assert await mentions(famulus) == []
    assert "[[Квантование|" not in text_of(famulus)


async def test_after_an_undo_nothing_else_is_written_until_the_user_writes_on(make: Make) -> None:
    """Of many related notes one is listed: when it is taken back, the next one would be as good."""
    famulus = await make(mode="auto", most=1, least=0.0)
    for number in range(4):
        (famulus.vault.root / f"Быт {number}.md").write_text(f"Мы живём {number}, слово за слово, год за годом.\n")
    await famulus.catch_up()
    await famulus.linking.on_saved(HERE, "auto")
    await famulus.catch_up()
    assert "famulus:related" in text_of(famulus) and "[[Квантование|" in text_of(famulus)
    await famulus.undoing.undo(Selection(path=HERE))
    assert text_of(famulus) == TEXT
    await famulus.catch_up()
    await famulus.linking.on_saved(HERE, "auto")
    assert text_of(famulus) == TEXT
    assert famulus.inbox.list("pending") == []
    (famulus.vault.root / HERE).write_bytes((TEXT + "И ещё строка о смысле.\r\n").encode())
    await famulus.catch_up()
    await famulus.linking.on_saved(HERE, "auto")
    assert "famulus:related" in text_of(famulus)


async def test_a_note_that_may_not_be_linked_or_is_a_template_is_no_name(make: Make) -> None:
    famulus = await make(mentions=MentionsSection(in_headings=True, least=0))
    (famulus.vault.root / HERE).write_text("Дума и Дальше и думы.\n")
    await famulus.catch_up()
    assert await mentions(famulus) == []


async def test_it_can_be_switched_off(make: Make) -> None:
    famulus = await make(mentions=MentionsSection(enabled=False))
    assert await mentions(famulus) == []


async def test_a_note_that_comes_later_is_a_name_at_once(make: Make) -> None:
    famulus = await make()
    (famulus.vault.root / "Смысл жизни.md").write_text("Сорок два.\n")
    (famulus.vault.root / HERE).write_text("О смысле жизни.\n")
    await famulus.catch_up()
    found = [s.edit.after for s in await mentions(famulus)]
    assert found == ["[[Смысл жизни|смысле жизни]]"]
    (famulus.vault.root / "Смысл жизни.md").unlink()
    await famulus.catch_up()
    assert await mentions(famulus) == []


async def test_a_note_without_text_is_a_name_once_another_note_links_it(make: Make) -> None:
    famulus = await make()
    (famulus.vault.root / "Смысл жизни.md").write_text("")
    (famulus.vault.root / HERE).write_text("О смысле жизни.\n")
    await famulus.catch_up()
    assert await mentions(famulus) == []
    (famulus.vault.root / "Другая.md").write_text("Пишу про [[Смысл жизни]] иногда.\n")
    await famulus.catch_up()
    assert [s.edit.after for s in await mentions(famulus)] == ["[[Смысл жизни|смысле жизни]]"]
