import json
import logging
from pathlib import Path

import pytest

from daemon.config import Settings
from daemon.configfile import load
from daemon.policy import LivePolicy, described, policy_from
from vault_sync.notes import pdf
from vault_sync.policy.obsidian import APP, AppSettings
from vault_sync.policy.policy import Policy, Rule
from vault_sync.vault import Vault

TOML = """
[notes]
exclude = ["Private"]
templates = ["Vorlagen", "Muster"]
[[notes.rules]]
paths = ["Diary", "*.log.md"]
deny = ["chat", "prompt"]
[writing]
folders = ["Projects"]
new_notes = "Inbox"
"""


def settings(tmp_path: Path, text: str = TOML) -> Settings:
    file = tmp_path / "famulus.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


PROMPTS = ("Famulus/prompts", "Famulus/Sections")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    (tmp_path / "v/.obsidian").mkdir(parents=True)
    return Vault(tmp_path / "v")


def ignore(vault: Vault, *filters: str) -> None:
    (vault.root / APP).write_text(json.dumps({"userIgnoreFilters": filters}), encoding="utf-8")


def test_settings_and_app_together(tmp_path: Path) -> None:
    app = AppSettings(ignored=("Old/",), templates=("Templater",))
    assert policy_from(settings(tmp_path), app) == Policy(
        exclude=("Private",),
        templates=("Vorlagen", "Muster", "Templater", *PROMPTS),
        ignored=("Old/",),
        rules=(Rule(("Diary", "*.log.md"), ("chat", "prompt")),),
        write_in=("Projects",),
        new_notes="Inbox",
        pdf=pdf.available(),
    )


def test_the_defaults_are_those_of_a_policy(tmp_path: Path) -> None:
    assert policy_from(settings(tmp_path, ""), AppSettings()) == Policy(
        templates=("Templates", *PROMPTS), pdf=pdf.available()
    )


def test_prompts_are_not_worked_on(tmp_path: Path) -> None:
    policy = policy_from(settings(tmp_path, ""), AppSettings())
    assert all(policy.template(f"{folder}/A.md") and policy.readable(f"{folder}/A.md") for folder in PROMPTS)
    assert not policy.template("Famulus/A.md") and not policy.writable("Famulus/Sections/A.md")
    none = policy_from(settings(tmp_path, '[sections]\nfolder = ""'), AppSettings())
    assert none.templates == ("Templates", "Famulus/prompts") and none.writable("Famulus/Sections/A.md")


def test_the_apps_filters_may_be_left_aside(tmp_path: Path, vault: Vault) -> None:
    ignore(vault, "Old/", "/(/")
    live = LivePolicy(settings(tmp_path, "[notes]\nobsidian_excluded = false"), vault)
    assert live.current.readable("Old/a.md") and not live.problems


def test_it_follows_the_app(tmp_path: Path, vault: Vault) -> None:
    live = LivePolicy(settings(tmp_path), vault)
    assert live.current.readable("Old/a.md") and not live.current.readable("Private/a.md")
    ignore(vault, "Old/")
    live.reload()
    assert not live.current.readable("Old/a.md")
    (vault.root / APP).write_text('{"userIgnoreFilters": [', encoding="utf-8")
    live.reload()
    assert not live.current.readable("Old/a.md") and [problem.place for problem in live.problems] == [APP]
    ignore(vault)
    live.reload()
    assert live.current.readable("Old/a.md") and not live.problems


def test_a_filter_that_can_not_be_followed_is_logged_once_and_not_by_name(
    tmp_path: Path, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    ignore(vault, "Good/", "/Affair(/")
    with caplog.at_level(logging.WARNING):
        live = LivePolicy(settings(tmp_path), vault)
        live.reload()
    assert len(caplog.records) == 1 and "doctor" in caplog.text and "Affair" not in caplog.text
    assert not live.current.readable("Good/a.md") and live.current.readable("Affair.md")


def test_what_is_in_force_is_told_without_names(tmp_path: Path, vault: Vault) -> None:
    ignore(vault, "Old/")
    text = described(LivePolicy(settings(tmp_path), vault).current)
    assert "1 patterns" in text and "1 of Obsidian" in text and "in 1 folders" in text and "'Inbox'" in text
    assert not any(name in text for name in ("Private", "Old", "Diary"))
    assert "everywhere" in described(Policy(new_notes=""))
