import json
import struct
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.files.checkpoint import read_checkpoint


def weights(path: Path, data: bytes = b"abcd") -> None:
    header = json.dumps({"a": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def with_header(header: object) -> bytes:
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["A"], "text_config": {"hidden_size": 8}}))
    weights(tmp_path / "model.safetensors")
    return tmp_path


def test_a_whole_one_says_what_it_is(folder: Path) -> None:
    found = read_checkpoint(folder)
    assert (found.architecture, found.hidden_size) == ("A", 8)
    assert found.identity.startswith(folder.name + "@")


def test_other_weights_are_another_model(folder: Path) -> None:
    before = read_checkpoint(folder).identity
    weights(folder / "model.safetensors", b"abce")
    assert read_checkpoint(folder).identity != before


def test_random_weights_need_no_file(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert read_checkpoint(folder, weights=False).architecture == "A"
    with pytest.raises(EngineError) as caught:
        read_checkpoint(folder)
    assert "no weights" in caught.value.cause


def test_a_part_that_the_index_names_must_be_there(folder: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(EngineError) as caught:
        read_checkpoint(folder)
    assert "model-2.safetensors is missing" in caught.value.cause


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no safetensors file"),
        (b"\xff" * 20, "no safetensors file"),
        (struct.pack("<Q", 3) + b"[1]x", "no safetensors"),
        (struct.pack("<Q", 200_000) + b"[" * 200_000, "no safetensors"),
        (with_header({"a": {"data_offsets": [0, "x"]}, "b": {"data_offsets": [0, 4]}}), "no safetensors"),
        (with_header({"a": {"data_offsets": [0, float("inf")]}}), "no safetensors"),
    ],
)
def test_what_is_no_weights_is_told(folder: Path, content: bytes, told: str) -> None:
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(EngineError) as caught:
        read_checkpoint(folder)
    assert told in caught.value.cause


def test_a_file_cut_short_says_by_how_much(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EngineError) as caught:
        read_checkpoint(folder)
    assert "cut short: 1 of" in caught.value.cause


@pytest.mark.parametrize(("content", "told"), [(None, "can not be read"), ("{", "no JSON"), ("[]", "holds no object")])
def test_a_configuration_that_can_not_be_used_is_told(folder: Path, content: str | None, told: str) -> None:
    (folder / "config.json").unlink()
    if content is not None:
        (folder / "config.json").write_text(content)
    with pytest.raises(EngineError) as caught:
        read_checkpoint(folder)
    assert told in caught.value.cause


@pytest.mark.parametrize("told", ["A", {"a": 1}, 5, []])
def test_an_architecture_that_is_none_is_unknown(folder: Path, told: object) -> None:
    (folder / "config.json").write_text(json.dumps({"architectures": told, "hidden_size": 8}))
    assert read_checkpoint(folder).architecture == "unknown"


@pytest.mark.parametrize("weight_map", [None, 5, ["a"], {}, {"a": 5}])
def test_an_index_without_names_of_files_is_told(folder: Path, weight_map: object) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(EngineError):
        read_checkpoint(folder)


def test_a_configuration_that_is_nested_without_end_is_no_json(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 100_000)
    with pytest.raises(EngineError) as caught:
        read_checkpoint(folder)
    assert "no JSON" in caught.value.cause
