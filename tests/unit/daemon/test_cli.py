"""The command line as it is typed: what goes wrong says effect, cause and fix, and never shows a traceback."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import cli
from tests.process import ROOT, environment


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *arguments: str) -> int:
    for name in ("DATA", "STATE", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setattr(sys, "argv", ["famulus", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_can_not_be_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    (tmp_path / "vault").mkdir()
    assert run(monkeypatch, tmp_path, "serve", "--vault", str(tmp_path / "vault"), "--port", port) == 2
    assert "server.port" in capsys.readouterr().err


def test_what_the_system_refuses_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "file").write_text("x")
    under = str(tmp_path / "file" / "data")
    out = ""
    for command in (["serve", "--port", "0"], ["index"], ["index", "--json"]):
        assert run(monkeypatch, tmp_path, *command, "--vault", str(tmp_path / "vault"), "--data-dir", under) == 1
        out, err = capsys.readouterr()
        assert under in out + err and "Not a directory" in out + err
    assert json.loads(out)["error"]["code"] == "system"


def test_link_takes_a_note_or_all_and_says_which_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, "link", "--vault", str(tmp_path), "--all", "Note") == 2
    assert "not both" in capsys.readouterr().err


def test_nothing_is_no_question(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["search", " "], ["ask", ""], ["why", "", "Note"]):
        assert run(monkeypatch, tmp_path, command[0], "--vault", str(tmp_path), *command[1:]) == 2
        assert "is empty" in capsys.readouterr().err


def test_ctrl_c_is_quiet_while_the_program_is_still_being_imported(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "daemon", "models", "list"],
        cwd=ROOT,
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        told = [next(line for line in process.stderr if " daemon.config" in line)]
        process.send_signal(signal.SIGINT)
        told += list(process.stderr)
    assert not [line for line in told if "Traceback" in line or "KeyboardInterrupt" in line]
    assert process.returncode == -signal.SIGINT
