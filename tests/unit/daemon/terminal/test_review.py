"""`famulus review` with its flags, in this process, on a real vault."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.errors import BadRequestError
from daemon.cli import build_parser
from daemon.compose import compose
from daemon.config import Settings
from daemon.terminal import review
from tests.composed import Build
from tests.unit.daemon.linking.test_deciding import NOTES, fill_all
from vault_sync.writing.journal import Selection


class Command:
    """Runs the command as `main` does, and gives back what it printed."""

    def __init__(self, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = settings
        self.capsys = capsys

    async def __call__(self, *flags: str, code: int = 0) -> str:
        self.capsys.readouterr()
        assert await review.review(build_parser().parse_args(["review", *flags]), self.settings) == code
        return self.capsys.readouterr().out

    async def json(self, *flags: str) -> Any:
        return json.loads(await self(*flags, "--json"))


@pytest.fixture
async def famulus_review(build: Build, capsys: pytest.CaptureFixture[str]) -> Command:
    built = build(NOTES)
    await built.catch_up()
    fill_all(built)
    await built.close()
    return Command(built.settings, capsys)


async def undo_all(famulus_review: Command) -> None:
    """Undo the one run that there is."""
    built = compose(famulus_review.settings)
    [run] = {entry.run for entry in built.journal.entries()}
    await built.undoing.undo(Selection(run=run))
    await built.close()


async def test_without_an_action_and_a_terminal_it_lists(famulus_review: Command) -> None:
    shown = await famulus_review("--min-score", "0.4")
    assert "Чай/Улун.md" in shown and "Tea.md" not in shown
    assert (await famulus_review.json("list", "--limit", "1"))["total"] == 3
    assert (await famulus_review.json())["total"] == 3
    assert (await famulus_review.json("list", "--state", "all", "--all"))["hidden"] == 0


async def test_many_need_a_yes_where_nobody_can_be_asked(
    famulus_review: Command, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "_PORTION", 1)
    with pytest.raises(BadRequestError, match="Nothing was decided"):
        await famulus_review("accept", "--folder", "Чай")
    assert "Accept 2 suggestions in 2 notes" in await famulus_review("accept", "--folder", "Чай", "--dry-run")
    assert {path: (root / path).read_text(encoding="utf-8") for path in NOTES} == NOTES
    assert "2 accepted" in await famulus_review("accept", "--folder", "Чай", "--yes")
    await undo_all(famulus_review)
    assert {path: (root / path).read_text(encoding="utf-8") for path in NOTES} == NOTES, "it was one run"
    await famulus_review("restore", "--folder", "Чай", "--yes")
    await famulus_review("accept", "--folder", "Чай", "--yes")
    assert "tag9" in (root / "Чай/Улун.md").read_text(encoding="utf-8")
    assert (await famulus_review.json("reject", "--all", "--yes"))["done"] == 1


def test_what_is_for_one_note_goes_into_one_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "_PORTION", 2)
    found = [{"id": each, "path": each[0]} for each in ("a1", "b1", "b2", "b3", "c1")]
    assert review.portions(found) == [["a1", "b1", "b2", "b3"], ["c1"]]
    named = [{"id": each, "path": ""} for each in ("a1", "a2", "a3")]
    assert review.portions(named) == [["a1", "a2"], ["a3"]]
    assert review.portions([]) == []


async def test_an_empty_bulk_is_refused(famulus_review: Command) -> None:
    with pytest.raises(Exception, match="Nothing was decided"):
        await famulus_review("reject", "--yes")
    with pytest.raises(Exception, match="Nothing was decided"):
        await famulus_review("reject", "--folder", "", "--yes")


async def test_the_beginning_of_an_id_decides_one_without_a_question(famulus_review: Command) -> None:
    known = (await famulus_review.json("list", "--folder", "Tea.md"))["suggestions"][0]["id"]
    assert "1 rejected" in await famulus_review("reject", known[:8])
    assert "not done" in await famulus_review("reject", known[:8], code=1)
    assert "1 waiting again" in await famulus_review("restore", known[:8])


async def test_on_a_terminal_many_are_asked_for(famulus_review: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "_interactive", lambda: True)
    answers = iter(["n", "Y"])
    monkeypatch.setattr("builtins.input", lambda *_: next(answers))
    assert "Nothing was decided." in await famulus_review("reject", "--kind", "properties", code=1)
    assert "3 rejected" in await famulus_review("reject", "--kind", "properties")
    assert "Nothing fits" in await famulus_review("reject", "--kind", "properties")


async def test_on_a_terminal_it_goes_through_them(famulus_review: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "_interactive", lambda: True)
    answers = iter(["y", "n", "q"])
    monkeypatch.setattr("builtins.input", lambda *_: next(answers))
    shown = await famulus_review()
    assert "1 accepted, 1 rejected. 1 waits in the inbox." in shown


async def test_why_and_reset(famulus_review: Command) -> None:
    await famulus_review("reject", "--all", "--yes")
    assert "you refused 3 of 3" in await famulus_review("why")
    assert (await famulus_review.json("--why"))["thresholds"][0]["decisions"] == {"decided": 3, "refused": 3}
    await famulus_review("reset", "properties")
    assert (await famulus_review.json("why"))["thresholds"][0]["decisions"] == {"decided": 0, "refused": 0}
