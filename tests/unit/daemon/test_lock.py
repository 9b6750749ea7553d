import fcntl
import stat
from pathlib import Path

import pytest

from daemon.lock import Holder, VaultLock
from daemon.token import load_token
from vault_sync.errors import VaultLockedError


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_second_holder_is_told_who_has_it() -> None:
    first, second = VaultLock("v"), VaultLock("v")
    assert second.holder() is None
    first.take()
    first.announce(Holder(4711, "http://127.0.0.1:8000", "/t"))
    assert second.holder() == Holder(4711, "http://127.0.0.1:8000", "/t")
    with pytest.raises(VaultLockedError, match="4711"):
        second.take()
    first.release()
    assert second.holder() is None
    second.take()
    second.release()


def test_vaults_have_locks_of_their_own() -> None:
    first, other = VaultLock("v"), VaultLock("w")
    first.take()
    other.take()
    first.release()
    other.release()


def test_who_asks_for_the_holder_keeps_nobody_from_taking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = VaultLock("v")
    with lock._file.open("a+") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)  # as in `holder`, which lets go of it when it knows
        monkeypatch.setattr("daemon.lock.time.sleep", lambda seconds: fcntl.flock(asking, fcntl.LOCK_UN))
        lock.take()
    assert VaultLock("v").holder() is not None
    lock.release()


def test_the_token_is_made_once_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    token = load_token(tmp_path / "data")
    assert len(token) >= 32 and load_token(tmp_path / "data") == token
    file = tmp_path / "data" / "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    load_token(tmp_path / "data")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("\n")
    assert load_token(tmp_path / "data") != ""
