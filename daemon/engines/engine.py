"""What the host may ask of an engine besides what the engine is for."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Restable(Protocol):
    """An engine that can leave its devices to another one and come back."""

    @property
    def memory(self) -> int:
        """MiB that it holds on its devices now, all of them together, as far as it knows; 0 while it rests."""
        ...

    async def rest(self) -> None:
        """Free the devices. Requests that run are served to their end first; later ones wake it.

        Nothing happens where it does not run. Raises nothing: what can not sleep is ended.
        """
        ...

    async def wake(self) -> None:
        """Be ready for a request. Raises EngineError or EngineLoadingError."""
        ...
