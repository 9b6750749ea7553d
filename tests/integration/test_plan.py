"""`famulus models plan` as a command: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest

from tests.process import environment, run_famulus

pytestmark = pytest.mark.slow


def test_what_fits_is_planned_with_numbers(starter_model: Path, tmp_path: Path) -> None:
    done = run_famulus("models", "plan", "--json", environment=environment(tmp_path))
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    planner = plan["engines"][0]
    assert (planner["name"], planner["standing"]) == ("smollm2", "together")
    assert planner["needs_mib"]["CPU"] == pytest.approx(sum(planner["parts_mib"].values()), abs=4)
    assert plan["devices"][0]["name"] == "CPU"


def test_the_impossible_is_refused_with_effect_cause_and_fix(starter_model: Path, tmp_path: Path) -> None:
    told = {**environment(tmp_path), "FAMULUS_HOST__MEMORY": json.dumps({"CPU": 150})}
    done = run_famulus("models", "plan", environment=told)
    assert done.returncode == 1
    assert "too large smollm2" in done.stdout and "Not all engines can be used." in done.stdout
    assert "on CPU, where 150 MiB are free" in done.stdout and "MiB too much" in done.stdout
    assert "`sequences`" in done.stdout


def test_engines_that_do_not_fit_beside_each_other_take_turns(starter_model: Path, tmp_path: Path) -> None:
    budget = {"FAMULUS_HOST__MEMORY": json.dumps({"CPU": 600})}
    done = run_famulus("models", "plan", "--json", environment={**environment(tmp_path), **budget})
    standing = {engine["name"]: engine["standing"] for engine in json.loads(done.stdout)["engines"]}
    assert standing["smollm2"] == "together" and standing["smollm2-coder"] == "by_turns"
