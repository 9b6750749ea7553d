"""What is told when the index can not be kept in step with the vault."""

from vault_sync.errors import IndexBusyError, LedgerError, VaultError


def busy(cause: str) -> IndexBusyError:
    """A job did not get its turn."""
    return IndexBusyError("The index has no time.", cause, "Ask again when `/api/health` says that it is ready.")


def damaged(error: Exception) -> VaultError:
    """What SQLite said of the index means damage."""
    return LedgerError(
        "The index was damaged and is made anew from the notes.",
        f"SQLite says: {error}.",
        "Nothing is to be done; if it comes again, check the disk of the data folder.",
    )


def unforeseen(error: Exception) -> VaultError:
    """Anything else that broke off indexing."""
    return VaultError(
        "Indexing was interrupted; it is tried again.",
        f"{type(error).__name__}: {error}.",
        "Check the disk of the data folder.",
    )
