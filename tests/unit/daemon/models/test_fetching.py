import argparse
import json
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.config import Settings
from daemon.engines.spec import EngineSpec
from daemon.models.fetching import status
from daemon.terminal.machine import models


@pytest.fixture
def spec(tmp_path: Path) -> EngineSpec:
    """A vLLM that is there, with a model whose weights are made up at start."""
    program = tmp_path / "vllm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["A"]}))
    return EngineSpec("big", "vllm", str(tmp_path), executable=str(program), flags=("--load-format", "dummy"))


def test_a_vllm_that_can_be_started_has_no_problem(spec: EngineSpec, tmp_path: Path) -> None:
    found = status(spec)
    assert (found.problem, found.path) == ("", str(tmp_path))


def test_a_missing_program_is_a_problem(spec: EngineSpec) -> None:
    Path(spec.executable).unlink()
    found = status(spec)
    assert spec.executable in found.problem
    assert "executable" in found.fix


def test_weights_that_are_needed_and_missing_are_a_problem(spec: EngineSpec) -> None:
    needs = EngineSpec("big", "vllm", spec.model, executable=spec.executable)
    assert "no weights" in status(needs).problem


async def test_a_pull_of_one_engine_answers_for_that_one(spec: EngineSpec, capsys: pytest.CaptureFixture[str]) -> None:
    tables = {
        "big": {"kind": "vllm", "model": spec.model, "executable": spec.executable, "flags": list(spec.flags)},
        "gone": {"kind": "llama_cpp", "model": "/no/such.gguf"},
    }
    settings = Settings(roles={"planner": "big", "coder": "gone"}, engines=tables)
    asked = argparse.Namespace(action="pull", name="big", starter=False, json=True)
    assert await models(asked, settings) == 0
    told = json.loads(capsys.readouterr().out)["models"]
    assert [(each["name"], each["problem"]) for each in told] == [("big", "")]
    with pytest.raises(EngineError):
        await models(argparse.Namespace(action="pull", name="gone", starter=False, json=True), settings)


@pytest.mark.parametrize(("model", "fix"), [("nobody/nothing", "famulus models pull big"), ("/no/such/folder", "path")])
def test_a_missing_model_is_a_problem_that_says_how_to_get_it(spec: EngineSpec, model: str, fix: str) -> None:
    found = status(EngineSpec("big", "vllm", model, executable=spec.executable))
    assert found.problem
    assert fix in found.fix
