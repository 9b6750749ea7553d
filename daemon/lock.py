"""One Famulus a vault: a lock by vault, whatever data folder is used, that also tells others where the daemon is."""

import fcntl
import json
import os
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import platformdirs

from vault_sync.errors import VaultLockedError

_LOOKS = 5.0
"""Seconds within which all who only ask for the holder have asked."""
_MOMENT = 0.01
"""Seconds to the next try at most; two who try do not try at the same time for ever."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock. `url` is empty while it is not, or not yet, listening."""

    pid: int
    url: str = ""
    token_file: str = ""


class VaultLock:
    """A lock on a file in the user's state folder; the system lets go of it when the process ends, however it ends."""

    def __init__(self, vault_id: str) -> None:
        folder = Path(platformdirs.user_state_dir("famulus", appauthor=False)) / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{vault_id}.lock"
        self._handle: IO[str] | None = None

    def take(self) -> None:
        """Raises VaultLockedError that names the holder."""
        handle = self._file.open("a+", encoding="utf-8")
        until = time.monotonic() + _LOOKS
        while not _locked(handle, fcntl.LOCK_EX):
            # Who asks for the holder has a share of the lock for a moment. Only a holder allows no share.
            if _locked(handle, fcntl.LOCK_SH) and time.monotonic() < until:
                fcntl.flock(handle, fcntl.LOCK_UN)
                time.sleep(random.uniform(0, _MOMENT))
                continue
            handle.close()
            holder = self.holder() or Holder(0)
            at = f", at {holder.url}" if holder.url else ""
            raise VaultLockedError(
                "This vault is in use by another Famulus.",
                f"Process {holder.pid} has it{at}.",
                "Use that one, or end it first.",
            )
        self._handle = handle
        self.announce(Holder(os.getpid()))

    def announce(self, holder: Holder) -> None:
        """Tell others where the daemon listens."""
        if self._handle is None:
            raise RuntimeError("the lock is not held")
        self._handle.seek(0)
        self._handle.truncate()
        self._handle.write(json.dumps(asdict(holder)))
        self._handle.flush()

    def holder(self) -> Holder | None:
        """Who holds the lock now; None where nobody does."""
        try:
            with self._file.open("r", encoding="utf-8") as handle:
                if _locked(handle, fcntl.LOCK_SH):
                    return None
                text = handle.read()
                return Holder(**json.loads(text)) if text else Holder(0)
        except FileNotFoundError:
            return None

    def release(self) -> None:
        """Let go."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def _locked(handle: IO[str], how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
