"""What is kept of one vault in the data folder: who may open it, in which order, and for whose eyes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.config import ConfigError, Settings
from daemon.lock import VaultLock
from vault_sync import durable
from vault_sync.ledger import Ledger
from vault_sync.state import State, replace
from vault_sync.stores.chroma import ChromaStore
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.routed import RoutedStore
from vault_sync.vault import Vault
from vault_sync.verify import EXACT, INDEX, STATE, STORE


def locate(settings: Settings) -> tuple[Vault, Path]:
    """The vault that the settings name, and the data folder. Raises VaultUnavailableError, ConfigError."""
    if settings.vault is None:
        raise ConfigError("There is no vault to work on.", "None was named.", "Give --vault DIR or set FAMULUS_VAULT.")
    vault = Vault(settings.vault)
    data_dir = Path(settings.data_dir).expanduser().resolve()
    if data_dir == vault.root or vault.root in data_dir.parents:
        raise ConfigError(
            "The data folder can not be used.",
            f"{data_dir} lies in the vault, and a sync tool would carry it about.",
            "Name another folder with --data-dir.",
        )
    return vault, data_dir


@contextmanager
def locked(vault: Vault) -> Iterator[None]:
    """The vault's lock, held for the block. Raises VaultLockedError."""
    lock = VaultLock(vault.id)
    lock.take()
    try:
        yield
    finally:
        lock.release()


def open_state(folder: Path) -> State:
    """The state, which must be opened before anything else is made in the folder. Raises LedgerError."""
    return State(folder / STATE, _made_after(folder))


def open_index(folder: Path) -> tuple[Ledger, RoutedStore]:
    """Ledger and store. Raises VaultError where they can be neither opened nor made."""
    return Ledger(folder / INDEX), RoutedStore(ChromaStore(folder / STORE), MappedStore(folder / EXACT))


def folder_of(data_dir: Path, vault: Vault) -> Path:
    """The vault's folder, made where it is missing. It holds the notes' text: nobody else on this machine may read it."""
    folder = data_dir / "vaults" / vault.id
    folder.mkdir(parents=True, exist_ok=True)
    for private in (folder.parent, folder):
        durable.private(private)
    return folder


def replace_state(settings: Settings) -> dict[str, str | None]:
    """Put the newest backup, or an empty state, in place of one that is lost or can not be used.

    Answers where the old one is kept, and which backup was taken. Raises VaultError.
    """
    vault, data_dir = locate(settings)
    with locked(vault):
        folder = folder_of(data_dir, vault)
        kept, backup = replace(folder / STATE, _made_after(folder))
    return {"kept": str(kept) if kept else None, "backup": str(backup) if backup else None}


def _made_after(folder: Path) -> tuple[Path, ...]:
    return folder / INDEX, folder / STORE
