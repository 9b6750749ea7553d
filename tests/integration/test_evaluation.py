"""`famulus why` and `famulus eval` as a user runs them, with the real embedder, alone and beside a daemon."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from typing import Any, get_args

import pytest

from daemon.evaluation.explaining import Verdict
from tests.process import ROOT, Daemon, environment, run_famulus

pytestmark = pytest.mark.slow
SAMPLE = ROOT / "docs/sample-vault"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Runs a command on a copy of the sample vault, without a daemon."""
    home = tmp_path_factory.mktemp("alone")
    shutil.copytree(SAMPLE, home / "vault")

    def run(*arguments: str) -> Any:
        where = ["--vault", str(home / "vault"), "--data-dir", str(home / "data")]
        return run_famulus(*arguments, *where, environment=environment(home))

    return run


def test_why_says_where_a_note_stands(alone: Callable[..., Any]) -> None:
    done = alone("why", "как часто кормить закваску", "Закваска", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["verdict"] == "found" and data["path"] == "Home/Закваска.md"
    assert data["standing"]["closest"]["snippet"] in (SAMPLE / data["path"]).read_text(encoding="utf-8")
    shown = alone("why", "Quantum chromodynamics of tomatoes", "Home/Кофе.md").stdout
    assert "chromodynamics: in no note" in shown and "Closest passage" in shown


def test_why_of_a_note_that_is_not_there(alone: Callable[..., Any]) -> None:
    done = alone("why", "закваска", "Закваскa и хлеб")
    assert done.returncode == 0 and "unknown" in done.stdout and "Home/Закваска.md" in done.stdout


def test_the_examples_of_the_page_are_answered(alone: Callable[..., Any]) -> None:
    page = (ROOT / "docs/how-to/find.md").read_text(encoding="utf-8")
    verdicts = []
    for command in re.findall(r"^    famulus (why .*)$", page, re.MULTILINE):
        done = alone(*shlex.split(command), "--json")
        assert done.returncode == 0, done.stderr
        verdicts.append(json.loads(done.stdout)["verdict"])
    assert verdicts[0] == "found" and verdicts[1] in ("outranked", "unmatched") and verdicts[2] == "filtered"
    told = set(re.findall(r"^\| (\w+) \|", page, re.MULTILINE))
    assert set(get_args(Verdict)) <= told, "the table explains every answer"


def test_eval_measures_the_vault(alone: Callable[..., Any]) -> None:
    done = alone("eval", "--queries", "5", "--compare", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    figures = {(row["kind"], row["group"]): row for row in data["results"]}
    assert {"link", "heading", "name", "related"} <= {kind for kind, _ in figures}
    assert figures["name", "all"]["mrr_at_10"] > 0.8, "a title finds its note"
    assert [each["of"] for each in data["compared"]] == ["search", "related"]


def test_beside_a_daemon(start: Callable[..., Daemon]) -> None:
    daemon = start().ready()
    done = daemon.command("why", "how long does the dough rest", "Sourdough", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["verdict"] in ("found", "pending"), done.stderr
    (daemon.vault / "Private").mkdir()
    (daemon.vault / "Private/Own.md").write_text("---\nprivate: true\n---\nMine.\n", encoding="utf-8")
    hidden = daemon.command("why", "mine", "Private/Own.md")
    assert "asks to be left alone" in hidden.stdout
    told = json.loads(daemon.command("why", "mine", "Private/Own.md", "--json").stdout)
    assert told["verdict"] == "unknown", "over HTTP it is as if it were not there"
    measured = daemon.command("eval", "--queries", "3", "--json")
    assert measured.returncode == 0, measured.stderr
    assert {row["kind"] for row in json.loads(measured.stdout)["results"]} >= {"link", "name"}
    assert "Questions" in measured.stderr, "progress is told on stderr"
