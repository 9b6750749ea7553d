"""A note as it stands on the disk now, unless policy keeps it from being read."""

from vault_sync.errors import NoteNotFoundError, UnreadableNoteError
from vault_sync.notes.parse import decode
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import PolicySource
from vault_sync.vault import Vault
from vault_sync.writing.edit import content_hash


class Reader:
    """Reads at most `max_note_bytes` of a note; a longer one is as one that is gone."""

    def __init__(self, vault: Vault, policy: PolicySource, max_note_bytes: int) -> None:
        self._vault, self._policy, self._max_note_bytes = vault, policy, max_note_bytes

    def read(self, path: VaultPath) -> bytes | None:
        """The note's bytes; None where it is gone or may not be read."""
        policy = self._policy.current
        if not policy.readable(path):
            return None
        try:
            data = self._vault.read(path, self._max_note_bytes)[0]
        except (NoteNotFoundError, UnreadableNoteError):
            return None
        return None if policy.private_data(data) else data

    def text_of(self, path: VaultPath) -> str | None:
        """The note's text, None where there is none."""
        data = self.read(path)
        try:
            return None if data is None else decode(data)
        except UnreadableNoteError:
            return None

    def digest_of(self, path: VaultPath) -> str | None:
        """The hash of the note's bytes, None where there are none."""
        data = self.read(path)
        return None if data is None else content_hash(data)
