"""A saved note becomes searchable: read and hash, parse, chunk, embed what is new, record, store."""

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vault_sync import erasure, lexical, mend, outbox, record, spare
from vault_sync.chunk import MAX_CHARS, chunk_note
from vault_sync.cover import Cover, private
from vault_sync.document import byte_limit, read_document
from vault_sync.edit import content_hash
from vault_sync.errors import (
    EmbedderError,
    LedgerError,
    NoteNotFoundError,
    UnreadableNoteError,
    VaultError,
    VaultUnavailableError,
)
from vault_sync.generations import MODEL, Generations
from vault_sync.key import identity, vector_key
from vault_sync.ledger import NOT_EMBEDDED, Ledger
from vault_sync.note import Chunk, Note
from vault_sync.paths import VaultPath, is_pdf
from vault_sync.policy import PolicySource
from vault_sync.ports import ChunkStore, Embedder
from vault_sync.progress import Progress, Tally
from vault_sync.record import Keyed
from vault_sync.records import FileStamp, NoteRecord
from vault_sync.scan import Difference, difference, looks_unmounted
from vault_sync.soundness import DamageError, is_words_damage, problem
from vault_sync.vault import MAX_NOTE_BYTES, Listing, Vault

log = logging.getLogger(__name__)

EMBED_AT_ONCE = 16
"""Texts a call of the embedder: few enough that a stop takes effect soon."""
NOTES_AT_ONCE = 8
CUT = "chunk_chars"
"""The key in `meta` of the size by which the notes were cut; where it is not there, it was the usual one."""


class Stopped(Exception):  # noqa: N818 — not an error: the owner asked for it
    """Work ended early because the owner asked; what was finished is recorded."""


@dataclass(slots=True)
class _Job:
    note: Note
    stamp: FileStamp
    hash: str
    chunks: list[Keyed]
    news: bool
    """Whether somebody wrote it; otherwise it is read because policy let it go, or wants it embedded or not."""


@dataclass(slots=True)
class Indexer:
    """Keeps ledger, full text and store in step with the vault. Used from one thread at a time."""

    vault: Vault
    ledger: Ledger
    store: ChunkStore
    embedder: Embedder
    policy: PolicySource
    max_note_bytes: int = MAX_NOTE_BYTES
    chunk_chars: int = MAX_CHARS
    generations: Generations | None = None
    """Where `store` and `embedder` come from; None where they stay for ever what they are."""
    on_indexed: Callable[[VaultPath], None] = lambda path: None
    on_moved: Callable[[VaultPath, VaultPath], None] = lambda old, new: None
    on_uncovered: Callable[[VaultPath], None] = lambda path: None
    """A note is indexed that nobody wrote just now: see `_Job.news`."""
    on_taken: Callable[[Collection[VaultPath]], None] = lambda paths: None
    """Policy takes these notes away; the index forgets them next."""
    on_policy: Callable[[], None] = lambda: None
    """The policy is another one than the index was cleaned for."""
    on_progress: Callable[[Progress], None] = lambda progress: None
    should_stop: Callable[[], bool] = lambda: False
    written_to: Callable[[str], VaultPath | None] = lambda digest: None
    """The path of the note into which bytes of this hash were written."""
    embedded: int = 0
    passed_over: dict[str, str] = field(default_factory=dict)
    readable: int = 0
    """How many notes the last survey saw."""
    _cover: Cover = field(init=False)

    def __post_init__(self) -> None:
        self._cover = Cover(self.vault, self.ledger, self._embeds)

    def _embeds(self) -> bool:
        return self.generations is None or self.generations.embeds

    def prepare(self) -> None:
        """Make the index fit the embedder and the store fit the ledger; call once before anything else."""
        if self.generations is not None:
            self.generations.prepare()
        else:
            self._one_model()
        self._cut_anew()
        if rows := mend.words_in_step(self.ledger):
            log.info("The full text lacked or had too much of %d chunks: mended from the ledger.", rows)
        outbox.doubt(self.ledger)
        self._flush()

    def _cut_anew(self) -> None:
        """Let the next scan read all notes again where they were cut by another size; what is cut as before stays."""
        before = int(self.ledger.meta(CUT) or MAX_CHARS)
        if before != self.chunk_chars:
            log.warning("Chunks have %d characters now, they had %d: all notes are cut anew.", self.chunk_chars, before)
            record.doubt(self.ledger, self.ledger.paths())
        self.ledger.set_meta(CUT, str(self.chunk_chars))

    def _one_model(self) -> None:
        """Where nobody keeps generations, the ledger is of one model for ever. Raises LedgerError."""
        known, model = self.ledger.meta(MODEL), identity(self.embedder.spec)
        if known is None:
            self.store.reset()
            self.ledger.set_meta(MODEL, model)
        elif known != model:
            raise LedgerError("The index is of another model.", f"It is of {known}, not of {model}.", "Change it back.")

    def tend(self) -> bool:
        """Do a little of what waits for a quiet moment; whether more waits."""
        if outbox.waits(self.ledger):
            self._flush()
        if self.generations is None:
            return False
        more = self.generations.tend(self.chunks_of, self.should_stop)
        if self.generations.doubts():
            self.scan()
        return more

    def chunks_of(self, path: VaultPath) -> Sequence[Chunk] | None:
        """The chunks of a note that may be embedded: none where policy keeps it from that.

        None where it is not the note that the ledger knows. Raises VaultUnavailableError.
        """
        policy, known = self.policy.current, self.ledger.note(path)
        if not policy.readable(path) or policy.denies(path, "embed"):
            return ()
        self.vault.check()
        try:
            data = self.vault.read(path, byte_limit(path, self.max_note_bytes))[0]
            if known is None or known.hash != content_hash(data):
                return None
            return chunk_note(read_document(path, data), max_chars=self.chunk_chars)
        except (NoteNotFoundError, UnreadableNoteError):
            return None

    def check(self) -> None:
        """Look at the whole ledger. Raises DamageError."""
        if wrong := problem(self.ledger.read()):
            raise DamageError(wrong)
        with self.ledger.database.write() as connection:
            contradiction = lexical.contradiction(connection)
        if contradiction:
            log.error("The full text was damaged (%s) and is made anew from the ledger.", contradiction)
            mend.all_words_anew(self.ledger)

    def recover(self, error: Exception) -> None:
        """After SQLite found the ledger damaged: make the full text anew where that is all, else begin an empty ledger.

        `prepare` and `scan` then fill what is missing. Raises sqlite3.Error or OSError where even that fails.
        """
        if is_words_damage(error):
            try:
                mend.all_words_anew(self.ledger)
            except sqlite3.DatabaseError as deeper:
                log.error("The full text could not be made anew: %s", deeper)
            else:
                log.error("The full text was damaged (%s) and is made anew from the ledger.", error)
                return
        self.ledger.begin_anew(str(error))

    def scan(self) -> int:
        """Find and process everything that differs from the disk; returns how many notes that were.

        Raises VaultUnavailableError where the vault is not there; the index then stays as it is.
        """
        policy = self.policy.current
        self.obey()
        self._cover.begin(policy)
        pending = self.survey()
        self.process(pending.changed, pending.gone, pending.sizes)
        if policy.restricts("embed"):
            erasure.drop_unused_vectors(self.ledger)
        self._cover.end(policy)
        self.ledger.set_meta("identity", self.vault.identity())
        if self.ledger.meta("first_scan") is None:
            self.ledger.set_meta("first_scan", str(time.time()))
        spare.drop_old(self.ledger, time.time())
        return len(pending)

    def survey(self) -> Difference:
        """What differs between disk and ledger. Raises VaultUnavailableError."""
        listing = self.vault.list(self.policy.current)
        known = self.ledger.stamps()
        check_mounted(self.vault, self.ledger, listing, known)
        self.passed_over, self.readable = listing.passed_over, len(listing.files)
        found = difference(listing.files, self._cover.stamps(known, listing.files.keys()))
        again = self._cover.misembedded(known, self.policy.current) - set(found.changed)
        gone = tuple(path for path in found.gone if path in known)
        changed = (*found.changed, *sorted(again & listing.files.keys()))
        return Difference(changed, gone, {path: listing.files[path].size for path in changed})

    def obey(self) -> None:
        """Erase what the policy in force takes away; nothing where the index was cleaned for it already."""
        policy = self.policy.current
        taken = self._cover.taken(policy)
        if taken is not None:
            self._erase(taken)
            self.on_policy()
            self._flush()
            self._cover.cleaned(policy)

    def _erase(self, paths: Collection[VaultPath]) -> None:
        if paths:
            self.on_taken(paths)
            erasure.erase(self.ledger, paths)

    def look(self, paths: Iterable[str]) -> None:
        """Process these paths after hints; each is compared with the disk first."""
        self.vault.check()
        changed, gone = dict[VaultPath, int](), []
        for raw in paths:
            path = VaultPath(raw)
            known = self.ledger.note(path)
            stamp = self.vault.stamp(path) if self.policy.current.readable(path) else None
            if stamp is None:
                self._cover.private.pop(path, None)
            if stamp is None and known is not None:
                gone.append(path)
            elif stamp is not None and stamp != (known.stamp if known else self._cover.private.get(path)):
                changed[path] = stamp.size
        self.process(list(changed), gone, changed)

    def process(self, changed: Sequence[VaultPath], gone: Sequence[VaultPath], sizes: Mapping[VaultPath, int]) -> None:
        """Index `changed`, forget `gone`; a note that is gone here and appears there is moved."""
        policy = self.policy.current
        changed = sorted(changed, key=is_pdf)  # these take long, and no note is to wait for them
        left = {path for path in gone if policy.readable(path)}
        self._erase(set(gone) - left)
        tally = Tally({path: sizes.get(path, 0) for path in changed}, len(left))
        if tally.total:
            self.on_progress(tally.progress(self.embedded))
        for start in range(0, len(changed), NOTES_AT_ONCE):
            paths = changed[start : start + NOTES_AT_ONCE]
            jobs = [job for path in paths if (job := self._read(path, left))]
            self._index(jobs)
            tally.read(paths, sum(len(job.chunks) for job in jobs))
            self.on_progress(tally.progress(self.embedded))
        hidden = self._cover.moved_under(left, policy)
        self._erase(hidden)
        for path in left - hidden:
            record.delete_note(self.ledger, path)
        self._flush()
        self.on_progress(tally.end(self.embedded))

    def _read(self, path: VaultPath, gone: set[VaultPath]) -> _Job | None:
        """The note, read and cut, where there is something to index; otherwise the ledger is put right here."""
        known = self.ledger.note(path)
        stamp = self.vault.stamp(path)
        if stamp is None:
            gone.add(path)
            return None
        digest, data = "", b""
        try:
            data, stamp = self.vault.read(path, byte_limit(path, self.max_note_bytes))
            digest = content_hash(data)
            if self._unchanged(known, digest):
                record.touch(self.ledger, path, stamp)
                return None
            if known is None and is_pdf(path) and self._moved(path, digest, stamp, gone):
                known = self.ledger.note(path)
                if self._unchanged(known, digest):
                    return None  # a PDF can not ask to be left alone, and need not be opened again
            note = read_document(path, data)
        except NoteNotFoundError:
            gone.add(path)
            return None
        except UnreadableNoteError as error:
            if self.policy.current.private_data(data or self.vault.head(path)):
                self._leave_alone(path, stamp)
            else:
                record.put_failure(self.ledger, path, stamp, digest, error)
            return None
        if private(self.policy.current, note):
            self._leave_alone(path, stamp)
            return None
        return self._job(note, stamp, digest, known, gone)

    def _unchanged(self, known: NoteRecord | None, digest: str) -> bool:
        if known is None or known.hash != digest or known.doubted:
            return False
        return not self._cover.misembeds(known, self.policy.current)

    def _leave_alone(self, path: VaultPath, stamp: FileStamp) -> None:
        self._cover.private[path] = stamp
        if self.ledger.note(path) is not None:
            self._erase([path])

    def _job(
        self, note: Note, stamp: FileStamp, digest: str, known: NoteRecord | None, gone: set[VaultPath]
    ) -> _Job | None:
        path, news = note.path, known is None or known.hash != digest
        if known is None and self._moved(path, digest, stamp, gone):
            known, news = self.ledger.note(path), False
            if self._unchanged(known, digest):
                return None
        elif known is None:
            news = not self._cover.let_go(path, stamp)
        return _Job(note, stamp, digest, self._cut(note), news)

    def _moved(self, path: VaultPath, digest: str, stamp: FileStamp, gone: set[VaultPath]) -> bool:
        old = next(
            (n.path for n in self.ledger.notes_with_hash(digest) if n.path in gone and n.state == "indexed"), None
        )
        if old is None:
            written = self.written_to(digest) if gone else None
            if written is not None and written in gone:
                # It was moved before the write was seen: the same note with another text.
                self.on_moved(written, path)
            return False
        record.move_note(self.ledger, old, path, stamp)
        gone.discard(old)
        self.on_moved(old, path)
        return True

    def _cut(self, note: Note) -> list[Keyed]:
        spec, hidden = self.embedder.spec, self.policy.current.denies(note.path, "embed") or not self._embeds()
        return [
            Keyed(chunk, NOT_EMBEDDED if hidden else vector_key(spec, chunk.embed_text))
            for chunk in chunk_note(note, max_chars=self.chunk_chars)
        ]

    def _index(self, jobs: Sequence[_Job]) -> None:
        try:
            texts = {keyed.key: keyed.chunk.embed_text for job in jobs for keyed in job.chunks}
            self._embed({key: text for key, text in texts.items() if key != NOT_EMBEDDED})
        except EmbedderError as error:
            if len(jobs) > 1:
                for job in jobs:
                    self._index([job])
                return
            # A stamp that no file has: the next scan tries again.
            unseen = replace(jobs[0].stamp, mtime_ns=-1)
            record.put_failure(self.ledger, jobs[0].note.path, unseen, "", error)
            return
        for job in jobs:
            record.put_note(self.ledger, job.stamp, job.hash, job.note, job.chunks, log=job.news)
        self._flush()
        for job in jobs:
            (self.on_indexed if job.news else self.on_uncovered)(job.note.path)

    def _embed(self, texts: dict[str, str]) -> None:
        known = self.ledger.known_keys(texts)
        missing = sorted((key for key in texts if key not in known), key=lambda key: len(texts[key]))
        for start in range(0, len(missing), EMBED_AT_ONCE):
            if self.should_stop():
                raise Stopped
            keys = missing[start : start + EMBED_AT_ONCE]
            record.put_vectors(self.ledger, keys, self.embedder.embed_passages([texts[key] for key in keys]))
            self.embedded += len(keys)

    def _flush(self) -> None:
        """Bring the store up to the ledger."""
        if not outbox.flush(self.ledger, self.store, self.should_stop):
            raise Stopped


def check_mounted(vault: Vault, ledger: Ledger, listing: Listing, known: Collection[VaultPath]) -> None:
    """Raises VaultUnavailableError where the vault looks as if another, empty folder had taken its place."""
    if looks_unmounted(listing.files, len(known), vault.identity(), ledger.meta("identity")):
        raise unmounted(vault.root, len(known))


def unmounted(root: object, known: int) -> VaultError:
    """The error for a vault that is suddenly another, empty folder."""
    return VaultUnavailableError(
        f"The vault {str(root)!r} is empty, but {known} notes were there; the index is kept as it is.",
        "It is not the folder that it was: the disk or share is probably not mounted.",
        "Mount it again. If the notes are really gone, delete this vault's folder in the data folder.",
    )
