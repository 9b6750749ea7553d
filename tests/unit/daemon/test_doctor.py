import json
from pathlib import Path

import pytest

from daemon.config import NotesSection, Settings
from daemon.doctor import Check, examine
from vault_sync import pdf
from vault_sync.obsidian import APP


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "vault/.obsidian").mkdir(parents=True)
    (tmp_path / "vault/Quagga.md").write_text("A note.")
    (tmp_path / "vault/Other.md").write_text("Another note.")
    return Settings(vault=tmp_path / "vault", data_dir=tmp_path / "data", notes=NotesSection(exclude=["Quagga*"]))


async def policy_of(settings: Settings) -> list[Check]:
    return [check for check in await examine(settings) if check.name == "policy"]


async def test_it_says_what_is_in_force_and_names_no_note(settings: Settings) -> None:
    (check,) = await policy_of(settings)
    assert check.ok and "1 patterns" in check.message and "'Famulus'" in check.message
    assert "Quagga" not in " ".join(each.message for each in await examine(settings))


async def test_it_names_the_filter_that_can_not_be_followed(settings: Settings) -> None:
    assert settings.vault is not None
    (settings.vault / APP).write_text(json.dumps({"userIgnoreFilters": ["Old/", "/(a+)+b/"]}))
    _, check = await policy_of(settings)
    assert not check.ok and "'/(a+)+b/'" in check.message and "forever" in check.message and check.fix
    aside = settings.model_copy(update={"notes": NotesSection(obsidian_excluded=False)})
    assert all(each.ok for each in await policy_of(aside))


async def test_settings_that_can_not_be_read_are_told(settings: Settings) -> None:
    assert settings.vault is not None
    (settings.vault / APP).write_text("{")
    _, check = await policy_of(settings)
    assert not check.ok and APP in check.message and "JSON" in check.message


@pytest.mark.parametrize("installed", [True, False])
async def test_it_says_how_pdfs_can_be_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    assert settings.vault is not None
    monkeypatch.setattr(pdf, "available", lambda: installed)
    for name in ("Board.canvas", "Paper.pdf", "Other paper.pdf"):
        (settings.vault / name).write_bytes(b"{}")
    checks = {check.name: check for check in await examine(settings)}
    found = "1 notes in", ("3 documents" if installed else "1 documents")
    assert all(part in checks["vault"].message for part in found)
    assert ("pdf" in checks) is not installed
    if not installed:
        assert checks["pdf"].ok and "2 PDFs" in checks["pdf"].message and "famulus[pdf]" in checks["pdf"].fix
