import json
from pathlib import Path

import pytest

from vault_sync.paths import VaultPath
from vault_sync.policy.obsidian import APP, FILES, MAX_BYTES, TEMPLATER, TEMPLATES, read_settings, unfit
from vault_sync.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    (tmp_path / ".obsidian/plugins/templater-obsidian").mkdir(parents=True)
    return Vault(tmp_path)


def put(vault: Vault, file: VaultPath, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    (vault.root / file).write_text(text, encoding="utf-8")


def test_a_vault_without_settings(vault: Vault) -> None:
    assert (read_settings(vault).ignored, read_settings(vault).templates, read_settings(vault).problems) == ((), (), ())


def test_what_the_app_and_templater_say(vault: Vault) -> None:
    put(vault, APP, {"userIgnoreFilters": ["Архив/", "/x/", 5], "theme": "moonstone"})
    put(vault, TEMPLATES, {"folder": "/Meta/Templates/"})
    put(vault, TEMPLATER, {"templates_folder": "Шаблоны"})
    found = read_settings(vault)
    assert found.ignored == ("Архив/", "/x/") and found.templates == ("Meta/Templates", "Шаблоны")
    assert not found.problems


def test_the_root_is_no_folder_of_templates(vault: Vault) -> None:
    put(vault, TEMPLATES, {"folder": "/"})
    put(vault, TEMPLATER, {"templates_folder": ""})
    assert read_settings(vault).templates == ()


@pytest.mark.parametrize("content", [{"userIgnoreFilters": None}, {"userIgnoreFilters": "x"}, {}])
def test_settings_of_other_shapes(vault: Vault, content: object) -> None:
    put(vault, APP, content)
    assert read_settings(vault).ignored == () and not read_settings(vault).problems


@pytest.mark.parametrize("text", ['{"userIgnoreFilters": ["A/"', "", "[1]", "\0", "[" * 100_000])
def test_what_is_half_written_counts_as_it_was(vault: Vault, text: str) -> None:
    put(vault, APP, {"userIgnoreFilters": ["A/"]})
    before = read_settings(vault)
    put(vault, APP, text)
    after = read_settings(vault, before)
    assert after.ignored == ("A/",) and [problem.place for problem in after.problems] == [APP]
    assert read_settings(vault).ignored == () and read_settings(vault).problems == after.problems
    put(vault, APP, {"userIgnoreFilters": []})
    assert read_settings(vault, after).ignored == () and not read_settings(vault, after).problems


def test_what_was_deleted_holds_no_longer(vault: Vault) -> None:
    put(vault, APP, {"userIgnoreFilters": ["A/"]})
    before = read_settings(vault)
    (vault.root / APP).unlink()
    assert read_settings(vault, before).ignored == ()


def test_links_are_not_followed_but_told(vault: Vault, tmp_path: Path) -> None:
    put(vault, TEMPLATES, {"userIgnoreFilters": ["A/"]})
    (vault.root / APP).symlink_to(vault.root / TEMPLATES)
    found = read_settings(vault)
    assert found.ignored == () and "symbolic link" in found.problems[0].cause
    (vault.root / ".obsidian").rename(vault.root / "elsewhere")
    (vault.root / ".obsidian").symlink_to(vault.root / "elsewhere")
    assert [problem.place for problem in read_settings(vault).problems] == list(FILES)


def test_a_huge_file_is_not_read(vault: Vault) -> None:
    put(vault, APP, " " * (MAX_BYTES + 1))
    assert "MB" in read_settings(vault).problems[0].cause


def test_nothing_is_written(vault: Vault) -> None:
    put(vault, APP, "{")
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in vault.root.rglob("*") if file.is_file()}
    read_settings(vault)
    assert before == {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in vault.root.rglob("*") if f.is_file()}


def test_filters_that_can_not_be_followed_are_named() -> None:
    (problem,) = unfit(["A/", "/(/", "/x/"])
    assert "'/(/'" in problem.place and "read" in problem.cause
