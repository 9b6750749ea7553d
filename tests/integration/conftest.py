"""Real daemons: child processes on real folders, with real models."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from daemon.engines.files.registry import resolve_model
from daemon.engines.spec import EngineSpec
from tests.process import ROOT, Daemon


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The starter chat model; the test is skipped where `famulus models pull --starter` was not run."""
    path = resolve_model(EngineSpec("smollm2", "llama_cpp", "starter:smollm2"), must_exist=False)
    if not path.is_file():
        pytest.skip("the starter model is not here; run `famulus models pull --starter`")
    return path


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A small vault in two languages."""
    root = tmp_path / "vault"
    root.mkdir()
    (root / "Sourdough.md").write_text(
        "# Sourdough\n\nThe dough rests for twelve hours in the fridge. The oven is heated to 250 degrees.\n"
    )
    (root / "Закваска.md").write_text("# Закваска\n\nЗакваску кормят дважды в день. Она живёт в стеклянной банке.\n")
    (root / "Bicycle.md").write_text("# Bicycle\n\nThe chain is oiled every 300 kilometres. See [[Sourdough]].\n")
    return root


@pytest.fixture
def start(tmp_path: Path, vault: Path) -> Iterator[Callable[..., Daemon]]:
    """Starts daemons and ends them after the test."""
    running: list[Daemon] = []

    def begin(*flags: str, root: Path = vault, module: str = "daemon", before: Sequence[str] = ()) -> Daemon:
        running.append(Daemon(root, tmp_path, *flags, module=module, before=before))
        return running[-1]

    yield begin
    for daemon in running:
        daemon.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, starter_model: Path) -> Iterator[Daemon]:
    """A daemon on a copy of the sample vault: links on save in AI and Knowledge, review elsewhere.

    Its notes are a month old, as in the demo, so that a digest tells only of what a test changes.
    """
    home = tmp_path_factory.mktemp("sample")
    shutil.copytree(ROOT / "docs/sample-vault", home / "vault")
    for file in (home / "vault").rglob("*.md"):
        os.utime(file, (time.time() - 30 * 86400,) * 2)
    (home / "famulus.toml").write_text(
        '[writing]\nnew_notes = "Digests"\n[linking]\nmode = "review"\nquiet_seconds = 0.2\n'
        '[[linking.folders]]\nfolder = "AI"\nmode = "auto"\n'
        '[[linking.folders]]\nfolder = "Journal"\nmode = "off"\n'
    )
    daemon = Daemon(home / "vault", home, "--config", str(home / "famulus.toml")).ready()
    yield daemon
    daemon.end()
