"""The progress bar of the terminal, on stderr so that stdout stays clean."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar


class Progress:
    """A bar that appears with the first work and says at its end what was done."""

    def __init__(self, *, shown: bool = True) -> None:
        self._bar = Bar(
            TextColumn("Indexing"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("notes, {task.fields[embedded]} chunks embedded"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
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

    def update(self, done: int, total: int, embedded: int) -> None:
        """Show how far it is."""
        if not total:
            return
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("Indexing", total=total, embedded=embedded)
        self._bar.update(self._task, completed=done, total=total, embedded=embedded)

    def stop(self) -> None:
        """Leave the bar as it is and let the terminal go."""
        if self._task is not None:
            self._bar.stop()
            self._task = None
