"""The errors of this package. Each says effect, cause and fix, so that any edge can print it."""


class VaultError(Exception):
    """Something about the vault that the user can understand and mend.

    `code` is stable and machine-readable; `effect`, `cause` and `fix` are one plain sentence each.
    """

    code = "vault_error"

    def __init__(self, effect: str, cause: str = "", fix: str = "") -> None:
        super().__init__(effect)
        self.effect = effect
        self.cause = cause
        self.fix = fix

    def __str__(self) -> str:
        return " ".join(part for part in (self.effect, self.cause, self.fix) if part)


class BadPathError(VaultError):
    """A path that can not name a note in this vault (absolute, `..`, through a symlink)."""

    code = "bad_path"


class NoteNotFoundError(VaultError):
    """No such note on the disk, or none that policy lets anyone see."""

    code = "note_not_found"


class UnreadableNoteError(VaultError):
    """The note exists but can not be indexed (encoding, size, permission)."""

    code = "note_unreadable"


class EmbedderError(VaultError):
    """The embedder failed, for now or for this text; what an Embedder raises."""

    code = "embedder_failed"


class RerankerError(VaultError):
    """The reranker failed or took too long; what a Reranker raises. Search goes on without it."""

    code = "reranker_failed"


class StaleEditError(VaultError):
    """The note is no longer the one that the Edit was made for."""

    code = "stale"


class PropertiesError(VaultError):
    """Tags or description can not be written into this frontmatter without touching more than them."""

    code = "properties"


class BadPropertyError(PropertiesError):
    """A tag or description that no note could have."""

    code = "bad_property"


class WriteRefusedError(VaultError):
    """Policy or the file system forbids this write."""

    code = "write_refused"


class NoteBusyError(VaultError):
    """The note, or the whole vault, is being changed by somebody else right now; the write is to be tried later."""

    code = "note_busy"


class UndoRefusedError(VaultError):
    """What was written can not be taken back without touching what came after it."""

    code = "undo_refused"


class VaultUnavailableError(VaultError):
    """The vault's folder is missing, unmounted, not a folder or not readable."""

    code = "vault_unavailable"


class WatchLimitError(VaultError):
    """The system does not let this user watch as many folders as the vault has."""

    code = "watch_limit"


class VaultLockedError(VaultError):
    """Another Famulus process owns this vault."""

    code = "vault_locked"


class LedgerError(VaultError):
    """The ledger or the state can not be opened or trusted."""

    code = "ledger"


class IndexBusyError(VaultError):
    """The index is being built, and has no time now for what was asked."""

    code = "index_busy"


class StoreBrokenError(VaultError):
    """The vector store can not be used as it is; it is rebuilt from the ledger."""

    code = "store_broken"


class StoreAwayError(StoreBrokenError):
    """The server of the vector store does not answer for now; what it holds is left as it is."""

    code = "store_away"
