from pathlib import Path

import pytest

from daemon.config import ConfigError
from daemon.configfile import load


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "famulus.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_flags_beat_environment_beats_file_beats_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, 'vault = "/file"\n[linking]\nmode = "auto"\nquiet_seconds = 7\n[server]\nport = 1\n')
    assert load(file).vault == Path("/file") and load(file).server.port == 1
    monkeypatch.setenv("FAMULUS_VAULT", "/environment")
    monkeypatch.setenv("FAMULUS_SERVER__PORT", "2")
    settings = load(file)
    assert (settings.vault, settings.server.port, settings.linking.mode) == (Path("/environment"), 2, "auto")
    assert load(file, vault=Path("/flag")).vault == Path("/flag")
    assert load(write(tmp_path, "")).linking.mode == "review"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense = [", "not valid TOML"),
        ("[typo]\nx = 1", "typo"),
        ("roles = 5", "roles"),
        ('engines = "x"', "engines"),
        ('[linking]\nmode = "always"', "linking.mode"),
        ("[notes]\nexlude = []", "notes.exlude"),
        ("[server]\nport = 99999", "server.port"),
        ('[[notes.rules]]\npaths = ["Diary"]\ndeny = ["promt"]', "notes.rules.0.deny.0"),
        ('[[notes.rules]]\npaths = ["Diary"]\ndeny = ["promt"]', "'prompt'"),
        ("[[notes.rules]]\npaths = []\ndeny = ['chat']", "notes.rules.0.paths"),
        ("[[notes.rules]]\npaths = ['Diary']", "notes.rules.0.deny"),
        ("[notes]\ntemplates = 5", "notes.templates"),
    ],
)
def test_says_which_key_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text))
    assert told in str(caught.value) or told in caught.value.effect + caught.value.cause
    assert caught.value.fix


def test_a_config_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path / "absent.toml")


def test_a_role_without_an_engine_is_named(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[roles]\nplanner = "gone"\n'))
    with pytest.raises(ConfigError, match="planner"):
        settings.engine_specs()


def test_the_starter_engines_are_there_without_a_file(tmp_path: Path) -> None:
    names = {spec.name for spec in load(write(tmp_path, "")).engine_specs()}
    assert names == {"smollm2", "smollm2-coder", "e5-small"}


def test_the_weights_of_search_follow_the_query_until_they_are_set(tmp_path: Path) -> None:
    assert load(write(tmp_path, "")).search.lexical_weight is None
    assert load(write(tmp_path, "[search]\nlexical_weight = 0.3\n")).search.lexical_weight == 0.3
    with pytest.raises(ConfigError, match="lexical_weight"):
        load(write(tmp_path, "[search]\nlexical_weight = 3\n"))


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "famulus.toml"
    file.write_bytes(b"\xef\xbb\xbf[server]\nport = 7\n")
    assert load(file).server.port == 7
