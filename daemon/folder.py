"""What is kept of one vault in the data folder: who may open it, in which order, and for whose eyes."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.config import ConfigError, Settings
from daemon.lock import VaultLock
from daemon.token import load_token
from vault_sync.checkup.verify import EXACT, INDEX, STATE, STORE
from vault_sync.databases import durable
from vault_sync.databases.state import State, replace
from vault_sync.index.generations import serving_number
from vault_sync.index.ledger import Ledger
from vault_sync.ports import Stores
from vault_sync.stores.chroma import ChromaStore
from vault_sync.stores.chroma_server import Address, AsyncLine, ChromaServer, SyncLine
from vault_sync.stores.folders import StoreFolders
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.routed import ExactStore, RoutedStore, RoutedStores
from vault_sync.vault import Vault


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


def open_index(settings: Settings, folder: Path, vault: Vault) -> tuple[Ledger, Stores]:
    """Ledger and stores. Raises VaultError where they can be neither opened nor made, ConfigError."""
    name = settings.linking.vault or vault.root.name
    return Ledger(folder / INDEX, name), _routed(_graphs(settings, folder, vault), folder)


def open_embedded(folder: Path) -> tuple[Ledger, RoutedStore]:
    """Ledger and the store that serves, with Chroma in this process. Raises VaultError."""
    ledger = Ledger(folder / INDEX)
    return ledger, _routed(StoreFolders(folder / STORE, ChromaStore), folder).open(serving_number(ledger))


def _routed(graphs: Stores, folder: Path) -> RoutedStores:
    exacts: StoreFolders[ExactStore] = StoreFolders(folder / EXACT, MappedStore)
    return RoutedStores(graphs, exacts)


def _graphs(settings: Settings, folder: Path, vault: Vault) -> Stores:
    store = settings.store
    if not store.url:
        return StoreFolders(folder / STORE, ChromaStore)
    token = os.environ.get(store.token_env, "")
    if store.token_env and not token:
        raise ConfigError(
            "The vector store's server can not be used.",
            f"The environment has no variable {store.token_env!r} with its token.",
            "Set it, or remove token_env from [store] in famulus.toml.",
        )
    address = Address(store.url, token, store.tenant, store.database)
    line = AsyncLine(address) if store.client == "async" else SyncLine(address)
    return ChromaServer(line, f"{vault.id.rpartition('-')[2]}-{_owner(settings)}")


def _owner(settings: Settings) -> str:
    """Tells this data folder from others, on whatever computer, that keep a vault of the same path."""
    return hashlib.sha256(load_token(Path(settings.data_dir)).encode()).hexdigest()[:8]


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
