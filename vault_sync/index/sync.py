"""A saved note becomes searchable: read and hash, parse, chunk, embed what is new, record, store."""

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace

import numpy as np

from vault_sync.checkup import mend
from vault_sync.databases.soundness import DamageError, is_words_damage, problem
from vault_sync.errors import EmbedderError, LedgerError
from vault_sync.index import erasure, outbox, record, spare
from vault_sync.index.ahead import ahead, helper
from vault_sync.index.following import Follower
from vault_sync.index.generations import MODEL, Generations
from vault_sync.index.key import identity
from vault_sync.index.ledger import Ledger
from vault_sync.index.lots import LOT_NOTES, Batch, Job, Run, batches, lots
from vault_sync.index.progress import Progress, Tally
from vault_sync.index.reading import Reader
from vault_sync.index.records import FileStamp
from vault_sync.index.settling import Settler
from vault_sync.notes.chunk import MAX_CHARS
from vault_sync.notes.note import Chunk
from vault_sync.paths import VaultPath, is_pdf
from vault_sync.policy.cover import Cover
from vault_sync.policy.policy import PolicySource
from vault_sync.ports import ChunkStore, Embedder, Vectors
from vault_sync.search import lexical
from vault_sync.vault import MAX_NOTE_BYTES, Vault
from vault_sync.watching.mounted import check_mounted
from vault_sync.watching.scan import Difference, difference

log = logging.getLogger(__name__)

READ_AHEAD = 64
"""Notes that are read and cut while earlier ones are embedded."""
EMBED_AHEAD = 4
"""Batches that wait for the embedder, so that it never waits for whoever records."""
STORE_AT_ONCE = 256
"""Chunks after which the store is brought up to the ledger: it takes many as quickly as few."""
STORE_EVERY = 2.0
"""Seconds after which it is in any case."""
NOTHING = np.zeros((0, 0), np.float32)


class Stopped(Exception):  # noqa: N818 — not an error: the owner asked for it
    """Work ended early because the owner asked; what was finished is recorded."""


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
    """A note is indexed that nobody wrote just now: see `Job.news`."""
    on_taken: Callable[[Collection[VaultPath]], None] = lambda paths: None
    """Policy takes these notes away; the index forgets them next."""
    on_policy: Callable[[], None] = lambda: None
    """The policy is another one than the index was cleaned for."""
    on_progress: Callable[[Progress], None] = lambda progress: None
    should_stop: Callable[[], bool] = lambda: False
    should_yield: Callable[[], bool] = lambda: False
    """Whether something more urgent waits: then what is under way is finished first, and `Stopped` raised."""
    written_to: Callable[[str], VaultPath | None] = lambda digest: None
    """The path of the note into which bytes of this hash were written."""
    embedded: int = 0
    follower: Follower = field(init=False)
    passed_over: dict[str, str] = field(default_factory=dict)
    readable: int = 0
    """How many notes the last survey saw."""
    _cover: Cover = field(init=False)

    def __post_init__(self) -> None:
        self._cover = Cover(self.vault, self.ledger, self._embeds)
        self.follower = Follower(self.ledger, self.store)

    def _embeds(self) -> bool:
        return self.generations is None or self.generations.embeds

    def prepare(self) -> None:
        """Make the index fit the embedder and the store fit the ledger; call once before anything else."""
        if self.generations is not None:
            self.generations.prepare()
        else:
            self._one_model()
        mend.cut_anew(self.ledger, self.chunk_chars)
        if rows := mend.words_in_step(self.ledger):
            log.info("The full text lacked or had too much of %d chunks: mended from the ledger.", rows)
        outbox.doubt(self.ledger)
        self._flush()

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
        self._unless_stopped(self.follower.rest(self.should_stop))
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
        return self._reader().chunks_of(path, known.hash) if known is not None else None

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
            self.follower.erased()
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
        self.follower.worked()
        changed = sorted(changed, key=is_pdf)  # these take long, and no note is to wait for them
        left = {path for path in gone if policy.readable(path)}
        self._erase(set(gone) - left)
        run = Run(left, Tally({path: sizes.get(path, 0) for path in changed}, len(left)))
        if run.tally.total:
            self.on_progress(run.tally.progress(self.embedded))
        alone = len(changed) == 1
        with helper("reading", alone=alone) as reading, helper("embedding", alone=alone) as embedding:
            jobs = self._jobs(changed, run, reading)
            for batch, vectors in ahead(embedding, self._embed, self._batches(jobs, run), EMBED_AHEAD):
                self._keep(batch, vectors, run)
        self._store(run)
        if run.stopped:
            raise Stopped
        hidden = self._cover.moved_under(left, policy)
        self._erase(hidden)
        for path in left - hidden:
            record.delete_note(self.ledger, path)
        self._unless_stopped(self.follower.follow(self.should_stop))
        self.on_progress(run.tally.end(self.embedded))

    def _jobs(self, changed: Sequence[VaultPath], run: Run, pool: Executor) -> Iterator[Job]:
        """Of the changed notes those that are to be recorded."""
        settler = self._settler(run.gone)
        coming = ahead(pool, settler.reader.read, map(settler.order, changed), READ_AHEAD)
        for number, (order, reading) in enumerate(coming, start=1):
            job = settler.settle(order, reading.result())
            if job is not None:
                yield job
            else:
                run.tally.read([order.path])
            if number % LOT_NOTES == 0:
                self.on_progress(run.tally.progress(self.embedded))
                run.stopped = self.should_stop()
            if run.stopped or self.should_yield():
                run.stopped = True
                return

    def _settler(self, gone: set[VaultPath]) -> Settler:
        known = (self.ledger.note(path) for path in gone)
        hashes = frozenset(note.hash for note in known if note is not None and note.state == "indexed")
        parts = (self.ledger, self._cover, self.policy, self._reader(hashes), gone)
        return Settler(*parts, self.on_moved, self.written_to, self._leave_alone)

    def _reader(self, gone: Collection[str] = ()) -> Reader:
        sizes = (self.max_note_bytes, self.chunk_chars)
        return Reader(self.vault, self.policy, self.embedder.spec, *sizes, embeds=self._embeds(), gone=gone)

    def _leave_alone(self, path: VaultPath, stamp: FileStamp) -> None:
        self._cover.private[path] = stamp
        if self.ledger.note(path) is not None:
            self._erase([path])

    def _batches(self, jobs: Iterable[Job], run: Run) -> Iterator[Batch]:
        for lot in lots(jobs):
            keys = {key for job in lot for key in job.texts} - run.asked
            missing = keys - self.ledger.known_keys(keys)
            run.asked |= missing
            yield from batches(lot, missing)

    def _embed(self, batch: Batch) -> Vectors | EmbedderError:
        """In the thread of the embedder."""
        if self.should_stop():
            raise Stopped
        try:
            return self.embedder.embed_passages(list(batch.texts.values())) if batch.texts else NOTHING
        except EmbedderError as error:
            return error

    def _keep(self, batch: Batch, coming: "Future[Vectors | EmbedderError]", run: Run) -> None:
        vectors = coming.result()
        if isinstance(vectors, EmbedderError):
            run.failed |= batch.texts.keys()
        elif batch.texts:
            record.put_vectors(self.ledger, list(batch.texts), vectors)
            self.embedded += len(batch.texts)
        run.asked -= batch.texts.keys()
        if batch.complete:
            self._record([job for job in batch.complete if self._is_embedded(job, run)], run)
            run.tally.read([job.note.path for job in batch.complete], sum(len(job.chunks) for job in batch.complete))
        self.on_progress(run.tally.progress(self.embedded))

    def _is_embedded(self, job: Job, run: Run) -> bool:
        """Whether it has its vectors; where a batch failed, its texts are tried once more without those of others."""
        texts = {key: text for key, text in job.texts.items() if key in run.failed}
        if not texts:
            return True
        again = self._embed(Batch(texts))
        if isinstance(again, EmbedderError):
            # A stamp that no file has: the next scan tries again.
            record.put_failure(self.ledger, job.note.path, replace(job.stamp, mtime_ns=-1), "", again)
            return False
        record.put_vectors(self.ledger, list(texts), again)
        self.embedded += len(texts)
        run.failed -= texts.keys()
        return True

    def _record(self, jobs: Sequence[Job], run: Run) -> None:
        with self.ledger.database.write():
            for job in jobs:
                record.put_note(self.ledger, job.stamp, job.hash, job.note, job.chunks, log=job.news)
        run.recorded += jobs
        if sum(len(job.chunks) for job in run.recorded) >= STORE_AT_ONCE or time.monotonic() > run.stored + STORE_EVERY:
            self._store(run)

    def _store(self, run: Run) -> None:
        """Make what is recorded findable by its vectors, and tell of it."""
        self._unless_stopped(self.follower.follow(self.should_stop))
        for job in run.recorded:
            (self.on_indexed if job.news else self.on_uncovered)(job.note.path)
        run.recorded, run.stored = [], time.monotonic()

    def _flush(self) -> None:
        """Bring the store up to the ledger."""
        self._unless_stopped(self.follower.follow(self.should_stop, 0))

    def _unless_stopped(self, done: bool) -> None:
        if not done:
            raise Stopped
