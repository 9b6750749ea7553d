"""What a running daemon tells of its settings, and what the doctor makes of it."""

from pathlib import Path

import pytest

from daemon.configfile import load
from daemon.inuse import told, unlike
from tests.composed import Build, asking


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "my famulus.toml"
    made.write_text("[linking]\nmode = 'off'\n[engines.secret]\nkind = 'openai'\nurl = 'http://gpu.lan'\n")
    return made


async def test_the_owner_learns_of_it_by_health_and_strangers_do_not(build: Build) -> None:
    famulus = build({"A.md": "A note."})
    async with asking(famulus) as http:
        heard = (await http.get("/api/health")).json()["settings"]
        assert "settings" not in (await http.get("/api/health", headers={"Authorization": ""})).json()
    assert heard["file"] is None and heard["data_dir"] == str(famulus.settings.data_dir)
    assert unlike(famulus.settings, heard) == ("", "")


def test_which_file_was_read_is_known(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    assert load(Path(file.name)).file == file and load().file is None
    assert load(file).model_copy(update={"data_dir": tmp_path}).file == file


def test_another_file_or_folder_is_told_with_the_command_that_looks_at_it(tmp_path: Path, file: Path) -> None:
    daemon = told(load(file, data_dir=tmp_path / "data"))
    message, fix = unlike(load(data_dir=tmp_path / "data"), daemon)
    assert str(file) in message and "no famulus.toml" in message
    assert f"famulus doctor --config '{file}' --data-dir {tmp_path / 'data'}`" in fix
    message, fix = unlike(load(file, data_dir=tmp_path / "other"), daemon)
    assert str(tmp_path / "other") in message and str(tmp_path / "data") in message


def test_a_file_that_changed_since_is_told_by_its_sections(tmp_path: Path, file: Path) -> None:
    daemon = told(load(file, data_dir=tmp_path / "data"))
    file.write_text(file.read_text().replace("'off'", "'auto'").replace("gpu.lan", "cpu.lan"))
    message, fix = unlike(load(file, data_dir=tmp_path / "data"), daemon)
    assert "engines, linking." in message and "again" in fix


def test_where_it_listens_is_no_difference(tmp_path: Path, file: Path) -> None:
    other = load(file, data_dir=tmp_path / "data", server={"port": 0, "host": "10.0.0.1"})
    assert unlike(other, told(load(file, data_dir=tmp_path / "data"))) == ("", "")
