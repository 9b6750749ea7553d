"""From what was typed to settings, log and words."""

import argparse
import stat
from pathlib import Path

import pytest

from agents.errors import AgentError
from daemon import cli
from daemon.config import ConfigError
from daemon.terminal import running


def test_each_command_of_the_parser_can_be_carried_out() -> None:
    (commands,) = (each for each in cli.build_parser()._actions if isinstance(each, argparse._SubParsersAction))
    assert all(callable(running.command_of(name)) for name in commands.choices)


def test_a_name_is_shown_as_it_is_whatever_it_looks_like(capsys: pytest.CaptureFixture[str]) -> None:
    running._tell(
        AgentError("There is no note '[red]a[/b].md'.", "Or [i]so[/i].", "\x1b]0;title\x07 is no fix."), as_json=False
    )
    told = capsys.readouterr().err
    assert "'[red]a[/b].md'" in told and "[i]so[/i]" in told
    assert "\x1b]0" not in told and "\x07" not in told


def test_the_log_names_notes_and_is_for_the_owner_only(tmp_path: Path) -> None:
    handler = running._log_file(tmp_path / "data")
    handler.close()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data", tmp_path / "data" / "famulus.log")]
    assert modes == [0o700, 0o600]


def test_flags_are_checked_like_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "famulus.toml").write_text('[server]\nport = 5\nhost = "10.0.0.1"\nmax_waiting = 7\n')
    parse = cli.build_parser().parse_args
    settings = running.settings_from(parse(["serve", "--config", str(tmp_path / "famulus.toml"), "--port", "6"]))
    assert (settings.server.port, settings.server.host, settings.server.max_waiting) == (6, "10.0.0.1", 7)
    with pytest.raises(ConfigError):
        running.settings_from(parse(["serve", "--port", "70000"]))
