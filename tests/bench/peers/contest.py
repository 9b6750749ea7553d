"""Famulus beside LangChain's `index()` and LlamaIndex's `IngestionPipeline`: one vault, one embedder, one machine.

    python -m tests.bench.peers.contest [FOLDER]

The others run in `.venv-peers`, which `make bench` builds. Every step is a new process and is taken in turns, so that
a busy machine is busy for all three.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.judged import FIXTURES
from tests.bench.peers.steps import STEPS, Result
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

ROOT = Path(__file__).resolve().parents[3]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
VAULT = FIXTURES / "vaults" / "techwiki-en"
QUERIES = 100
CONTESTANTS = {"Famulus": "famulus", "LangChain": "langchain", "LlamaIndex": "llamaindex"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one contestant did in one step."""

    name: str
    result: Result


@dataclass(frozen=True, slots=True)
class Ground:
    """The folders of a contest; each contestant has a copy of the vault."""

    folder: Path

    def vault(self, name: str) -> Path:
        return self.folder / name / "vault"

    def data(self, name: str) -> Path:
        return self.folder / name / "data"

    @property
    def queries(self) -> Path:
        return self.folder / "queries.json"


def compare(vault: Path = VAULT) -> list[Outcome]:
    """All steps by all contestants that can run here, each on a copy of `vault`."""
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        names = [name for name in CONTESTANTS if name == "Famulus" or PEERS.exists()]
        for name in names:
            shutil.copytree(vault, ground.vault(name))
        ground.queries.write_text(json.dumps(known_items(ground.vault("Famulus"))), encoding="utf-8")
        outcomes = []
        for step in STEPS:
            for name in names:
                alter(step, ground.vault(name))
                outcomes.append(Outcome(name, run_step(name, step, ground)))
        return outcomes


def run_step(name: str, step: str, ground: Ground) -> Result:
    """One step in a process of its own. Raises CalledProcessError where it fails."""
    python = sys.executable if name == "Famulus" else str(PEERS)
    module = f"tests.bench.peers.{CONTESTANTS[name]}"
    given = ["--vault", ground.vault(name), "--data", ground.data(name), "--queries", ground.queries]
    # Threads that spin while they wait make the same embedder slower for whoever did not tell them.
    waiting = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(
        [python, "-m", module, step, *map(str, given)],
        cwd=ROOT,
        env=waiting,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def alter(step: str, vault: Path) -> None:
    """What the user does before the step: one sentence more in one paragraph, or another name for a folder."""
    if step == "edit":
        note = longest(vault)
        text = note.read_text(encoding="utf-8")
        middle = text.index("\n\n", len(text) // 2)
        note.write_text(f"{text[:middle]} One sentence was added here.{text[middle:]}", encoding="utf-8")
    elif step == "rename":
        folder = fullest(vault)
        folder.rename(folder.with_name(f"{folder.name} renamed"))


def longest(vault: Path) -> Path:
    """The longest note of at most 8 kB: a usual one."""
    fitting = [note for note in sorted(vault.rglob("*.md")) if note.stat().st_size <= 8192]
    return max(fitting, key=lambda note: note.stat().st_size)


def fullest(vault: Path) -> Path:
    """The folder at the top with the most notes."""
    folders = [entry for entry in sorted(vault.iterdir()) if entry.is_dir() and not entry.name.startswith(".")]
    return max(folders, key=lambda folder: sum(1 for _ in folder.rglob("*.md")))


def known_items(vault: Path) -> list[tuple[str, str]]:
    """Headings of at least three words that occur once, each with the note that has it; spread over the vault."""
    found: list[tuple[str, str]] = []
    moved = fullest(vault)
    for file in sorted(vault.rglob("*.md")):
        path = file.relative_to(vault).as_posix()
        inside = file.is_relative_to(moved)
        final = f"{moved.name} renamed/{file.relative_to(moved).as_posix()}" if inside else path
        for heading in parse_note(VaultPath(path), file.read_bytes()).headings:
            if len(heading.text.split()) >= 3:
                found.append((heading.text, final))
    times = Counter(text for text, _ in found)
    once = [pair for pair in found if times[pair[0]] == 1]
    return once[:: max(1, len(once) // QUERIES)][:QUERIES]


def table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table a step, one row a contestant."""
    names = list(dict.fromkeys(outcome.name for outcome in outcomes))
    by = {(outcome.name, outcome.result.step): outcome.result for outcome in outcomes}
    lines = [
        "| | chunks | cold index (s) | of it embedding | second start (s) | embedded again | one paragraph (s) | embedded"
        " | folder renamed (s) | embedded | median query (ms) | of it embedding | headings found in ten |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in names:
        cold, second, edit, rename, query = (by[name, step] for step in STEPS)
        cells = [name, str(cold.chunks), f"{cold.seconds:.1f}", f"{cold.embedding:.1f}"]
        for step in (second, edit, rename):
            cells += [f"{step.seconds:.2f}", str(step.embedded)]
        cells += [f"{query.query_ms:.1f}", f"{query.embedding_ms:.1f}", f"{query.found:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    versions = {key: value for name in names for key, value in by[name, "cold"].versions.items()}
    lines += ["", "Versions: " + ", ".join(f"{key} {value}" for key, value in sorted(versions.items())) + "."]
    if len(names) < len(CONTESTANTS):
        lines += ["", "LangChain and LlamaIndex were not measured: `.venv-peers` is missing."]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(*map(Path, sys.argv[1:2]))))
