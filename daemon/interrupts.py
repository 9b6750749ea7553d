"""Ctrl-C while modules are imported: there is nothing to put right yet, so the program ends at once and says nothing."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deadly() -> Iterator[None]:
    """Ctrl-C ends the process while this lasts. For the main thread."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
