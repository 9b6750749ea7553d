import json
from pathlib import Path
from typing import Any

import pytest

from daemon.config import NotesSection, Settings
from daemon.doctor import Check, _digests, _index, _watched, examine
from vault_sync.errors import WatchLimitError
from vault_sync.notes import pdf
from vault_sync.policy.obsidian import APP
from vault_sync.watching.watch import Watcher


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


async def test_an_engine_is_not_called_right_and_wrong(settings: Settings) -> None:
    far = {"kind": "openai", "model": "m", "url": "http://127.0.0.1:9/v1"}
    none = {"kind": "llama_cpp", "model": "/none.gguf", "lora": ["/none/adapter.gguf"]}
    roles = {"planner": "far", "coder": "none"}
    broken = settings.model_copy(
        update={"engines": settings.engines | {"far": far, "none": none}, "roles": settings.roles | roles}
    )
    found = [check for check in await examine(broken) if check.name in ("engine far", "engine none")]
    assert [(check.name, check.ok) for check in found] == [("engine far", False), ("engine none", False)]
    assert "127.0.0.1:9" in found[0].message and "There is no file /none.gguf" in found[1].message


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


async def watching(settings: Settings) -> Check:
    (check,) = [check for check in await examine(settings) if check.name == "watching"]
    return check


async def test_whether_the_vault_can_be_watched_is_tried(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await watching(settings)).ok
    polled = settings.model_copy(update={"notes": NotesSection(polling=True)})
    assert "settings ask for it" in (await watching(polled)).message

    def start(watcher: Watcher) -> None:
        raise WatchLimitError("It is not watched.", "The limit is 3.", "Run `sysctl`.")

    monkeypatch.setattr(Watcher, "start", start)
    found = await watching(settings)
    assert not found.ok and "The limit is 3." in found.message and "sysctl" in found.fix


def test_what_the_daemon_says_of_its_watching() -> None:
    told = {"polling": False, "every": None, "problem": "", "fix": ""}
    assert _watched(told) == Check("watching", True, "Changes are told by the system at once.")
    assert "every 2.5 s" in _watched({**told, "polling": True, "every": 2.5}).message
    wrong = _watched({**told, "polling": True, "every": 2.5, "problem": "The limit is 3.", "fix": "Run `sysctl`."})
    assert not wrong.ok and "The limit is 3." in wrong.message and wrong.fix == "Run `sysctl`."


def test_a_digest_that_can_not_run_or_tells_of_nothing_is_named() -> None:
    listed = [
        {"path": "Well.md", "error": "", "warning": ""},
        {"path": "Broken.md", "error": "It can not be read.", "warning": ""},
        {"path": "Silent.md", "error": "", "warning": "It tells of nothing."},
    ]
    told = [(check.name, check.ok, check.message) for check in _digests(listed)]
    assert told == [
        ("digest Broken.md", False, "It can not be read."),
        ("digest Silent.md", False, "It tells of nothing."),
    ]


def test_how_far_the_index_is() -> None:
    index: dict[str, Any] = {"notes": 30, "chunks": 90, "pending": 0, "progress": None}
    assert _index(index, 1.0) == "30 notes, 90 chunks."
    index |= {"pending": 70, "progress": {"seconds_left": 150.0}}
    assert _index(index, 0.3) == "30 notes, 90 chunks: 30 % of the vault, 70 notes wait, about 2 min left."
    assert _index({**index, "progress": None}, 0.3).endswith("70 notes wait.")
