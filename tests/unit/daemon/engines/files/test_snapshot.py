import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from agents.errors import EngineError
from daemon.engines.files.registry import list_models, pull, resolve_folder
from daemon.engines.files.snapshot import HubFile, missing_kind, needed
from daemon.engines.spec import EngineSpec
from daemon.models.fetching import status
from tests.fakes.hub_server import REPOSITORY, HubServer, hub
from tests.unit.daemon.engines.files.test_checkpoint import weights

SPEC = EngineSpec("big", "vllm", REPOSITORY)


def names(*files: str, weights: bool = True) -> list[str]:
    return sorted(file.name for file in needed([HubFile(name, 1) for name in files], weights=weights))


def test_only_what_vllm_reads_is_needed() -> None:
    wanted = [
        "1_Pooling/config.json", "chat_template.jinja", "config.json", "merges.txt",
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json",
        "tokenizer.json", "tokenizer.model",
    ]  # fmt: skip
    others = [
        "README.md", ".gitattributes", "pytorch_model.bin", "pytorch_model.bin.index.json", "optimizer.pt",
        "onnx/model.onnx", "onnx/config.json", "model.Q4_K_M.gguf", "original/model.safetensors", "tf_model.h5",
        "consolidated.safetensors", "../config.json", "/etc/config.json", "a\\config.json",
    ]  # fmt: skip
    assert names(*wanted, *others) == wanted
    assert names("config.json", "model.safetensors", weights=False) == ["config.json"]


def test_pickles_are_needed_only_without_safetensors() -> None:
    old = ["config.json", "pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json"]
    assert names(*old, "training_args.bin") == old
    assert names("config.json", "consolidated.safetensors") == ["config.json", "consolidated.safetensors"]


@given(some.lists(some.text(alphabet="a1_./\\-é .json", max_size=20)))
def test_no_name_leads_out_of_the_folder(told: list[str]) -> None:
    for name in names(*told, *(f"{each}.json" for each in told)):
        assert not name.startswith(("/", ".")) and ".." not in name.split("/") and "\\" not in name


def test_what_is_no_model_is_told() -> None:
    assert "config.json" in missing_kind([HubFile("model.safetensors", 1)])
    assert "no weights" in missing_kind([HubFile("config.json", 1)])
    assert missing_kind([HubFile("config.json", 1)], weights=False) == ""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub with one model, and a cache of models that is empty."""
    monkeypatch.setenv("FAMULUS_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_TOKEN", "")
    weights(tmp_path / "w", b"weights!" * 1000)
    files = {
        "config.json": b'{"architectures": ["A"]}', "tokenizer.json": b"{}", "merges.txt": b"",
        "model.safetensors": (tmp_path / "w").read_bytes(), "model.bin": b"x", "onnx/model.onnx": b"x", "README.md": b"x",
    }  # fmt: skip
    with hub(files) as made:
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


def ignore(name: str, done: int, total: int) -> None:
    pass


def refused() -> EngineError:
    with pytest.raises(EngineError) as caught:
        pull([SPEC], ignore)
    return caught.value


def test_a_whole_folder_comes_once_and_is_found_without_the_network(server: HubServer, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        resolve_folder(SPEC)
    assert caught.value.fix == "Run `famulus models pull big`."
    assert server.requests == []
    steps: list[tuple[str, int, int]] = []
    (folder,) = pull([SPEC], lambda *step: steps.append(step))
    assert folder == resolve_folder(SPEC) == tmp_path / "models" / "snapshots" / REPOSITORY
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: server.files[name] for name in ("config.json", "tokenizer.json", "merges.txt", "model.safetensors")
    }
    asked = len(server.requests)
    assert pull([SPEC], ignore) == [folder]
    assert len(server.requests) == asked
    total = sum(path.stat().st_size for path in folder.iterdir())
    assert steps[-1] == (REPOSITORY, total, total)
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert [(model.name, model.bytes) for model in list_models()] == [(REPOSITORY, total)]


def test_the_list_of_models_shows_it(server: HubServer, tmp_path: Path) -> None:
    program = tmp_path / "vllm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    spec = EngineSpec("big", "vllm", REPOSITORY, executable=str(program))
    assert "models pull big" in status(spec).fix
    (folder,) = pull([spec], ignore)
    assert (status(spec).problem, status(spec).path) == ("", str(folder))


def test_a_broken_connection_goes_on_where_it_stopped(server: HubServer) -> None:
    server.cuts = [3000]
    pull([SPEC], ignore)
    assert [part for name, part in server.fetched if name == "model.safetensors"] == ["", "bytes=3000-"]


def test_what_an_attempt_left_is_used_by_the_next_and_nobody_sees_half_of_it(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.cuts = [3000, *[0] * 5]
    assert "connection" in refused().cause
    with pytest.raises(EngineError):
        resolve_folder(SPEC)
    server.requests.clear()
    pull([SPEC], ignore)
    assert server.fetched == [("model.safetensors", "bytes=3000-")]


def test_what_was_begun_of_an_older_revision_is_taken_away(server: HubServer) -> None:
    old = server.files.pop("model.safetensors")
    server.files["old.safetensors"] = old
    server.cuts = [3000, *[0] * 5]
    refused()
    del server.files["old.safetensors"]
    server.files["model.safetensors"] = old
    (folder,) = pull([SPEC], ignore)
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json", "merges.txt", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_what_is_not_as_announced_is_refused(server: HubServer, name: str) -> None:
    server.spoilt = {name}
    assert "than announced" in refused().cause
    server.spoilt = set()
    assert pull([SPEC], ignore) == [resolve_folder(SPEC)]


def test_a_folder_that_lost_a_file_is_made_whole(server: HubServer) -> None:
    (folder,) = pull([SPEC], ignore)
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").write_bytes(b"[]")
    (folder / "stray.json").write_bytes(b"{}")
    server.requests.clear()
    assert pull([SPEC], ignore) == [folder]
    assert [name for name, _ in server.fetched] == ["tokenizer.json", "model.safetensors"]
    assert not (folder / "stray.json").exists()
    assert (folder / "tokenizer.json").read_bytes() == b"{}"


def test_random_weights_need_no_weights(server: HubServer) -> None:
    made_up = EngineSpec("big", "vllm", REPOSITORY, flags=("--load-format", "dummy"))
    (folder,) = pull([made_up], ignore)
    assert not (folder / "model.safetensors").exists()
    pull([SPEC], ignore)
    assert (folder / "model.safetensors").exists()


def test_a_gated_model_says_what_it_takes(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.token = "hf_secret"
    error = refused()
    assert "accepted its terms" in error.cause
    assert "HF_TOKEN" in error.fix
    assert server.fetched == []
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert pull([SPEC], ignore) == [resolve_folder(SPEC)]


def test_a_model_that_is_not_there_says_so(server: HubServer) -> None:
    with pytest.raises(EngineError) as caught:
        pull([EngineSpec("big", "vllm", "owner/nothing")], ignore)
    assert "no such model" in caught.value.cause
    assert "Correct `model`" in caught.value.fix


def test_without_a_hub_the_connection_is_named(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "Check the connection" in refused().fix


def test_too_little_room_is_told_before_anything_is_fetched(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9000, 9000, 100))
    error = refused()
    assert "MiB are free" in error.cause
    assert "FAMULUS_MODELS" in error.fix
    assert server.fetched == []


def test_a_repository_without_safetensors_is_refused(server: HubServer) -> None:
    del server.files["model.safetensors"]
    server.files["model.Q4.gguf"] = b"x"
    assert "no weights as safetensors" in refused().cause


@pytest.mark.parametrize("model", ["/no/such/folder", "./none", "a/..", "a/b/c", "nobody"])
def test_a_path_is_not_searched_on_the_network(server: HubServer, model: str) -> None:
    with pytest.raises(EngineError) as caught:
        pull([EngineSpec("big", "vllm", model)], ignore)
    assert "path" in caught.value.fix
    assert server.requests == []
