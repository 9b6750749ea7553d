"""What all engines have in common whose model is in a worker process of ours."""

from daemon.engines.hosting.lifecycle import EngineState
from daemon.engines.worker.worker import Worker


class Working:
    """An engine is as its worker is."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def state(self) -> EngineState:
        """The worker's state."""
        return self._worker.state

    @property
    def pid(self) -> int:
        """The worker's process id, 0 while there is none."""
        return self._worker.pid

    def close(self) -> None:
        """End the worker."""
        self._worker.close()
