"""Whether the vault is still the folder that was indexed, or another, empty one in its place."""

from collections.abc import Collection

from vault_sync.errors import VaultError, VaultUnavailableError
from vault_sync.index.ledger import Ledger
from vault_sync.paths import VaultPath
from vault_sync.vault import Listing, Vault
from vault_sync.watching.scan import looks_unmounted


def check_mounted(vault: Vault, ledger: Ledger, listing: Listing, known: Collection[VaultPath]) -> None:
    """Raises VaultUnavailableError where the vault looks as if another, empty folder had taken its place."""
    if looks_unmounted(listing.files, len(known), vault.identity(), ledger.meta("identity")):
        raise _unmounted(vault.root, len(known))


def _unmounted(root: object, known: int) -> VaultError:
    """The error for a vault that is suddenly another, empty folder."""
    return VaultUnavailableError(
        f"The vault {str(root)!r} is empty, but {known} notes were there; the index is kept as it is.",
        "It is not the folder that it was: the disk or share is probably not mounted.",
        "Mount it again. If the notes are really gone, delete this vault's folder in the data folder.",
    )
