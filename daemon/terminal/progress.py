"""The progress bar of the terminal, on stderr so that stdout stays clean."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from vault_sync.index.progress import in_words


class Steps:
    """A bar for each kind of work, in the order in which they begin; none before the first, for others may show theirs."""

    def __init__(self, *, shown: bool = True) -> None:
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not shown,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Steps":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def update(self, done: int, total: int, what: str) -> None:
        """Show how far this kind of work is."""
        if not self._tasks:
            self._bar.start()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)


class Progress:
    """A bar that appears with the first work and says at its end what was done."""

    def __init__(self, *, shown: bool = True) -> None:
        self._bar = Bar(
            TextColumn("Indexing"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("notes, {task.fields[embedded]} chunks embedded"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            disable=not shown,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def update(self, told: Mapping[str, Any]) -> None:
        """Show how far it is: what the event `index.progress` says."""
        done, total, embedded = told["done"], told["total"], told["embedded"]
        if not total:
            return
        left = in_words(told["seconds_left"]) if done < total else ""
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("Indexing", total=total, embedded=embedded, left=left)
        self._bar.update(self._task, completed=done, total=total, embedded=embedded, left=left)

    def stop(self) -> None:
        """Leave the bar as it is and let the terminal go."""
        if self._task is not None:
            self._bar.stop()
            self._task = None
