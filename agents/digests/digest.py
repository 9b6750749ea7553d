"""Digests: notes that say, on a schedule, what changed in the vault."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from agents.digests.changelog import Changelog
from agents.digests.changes import Changes
from agents.digests.digest_note import SCOPE_KEY, DigestNote, read_digest
from agents.digests.digest_text import Quoted, digest_text
from agents.digests.schedule_rules import NextFire, missed, period
from agents.errors import AgentError, DigestError
from agents.links.linkpaths import LinkPaths
from agents.ports import ChatRequest, Message, Roles
from agents.reasons.evidence import first_telling
from agents.reasons.reason import LANGUAGES, Mastery, Prompts, fenced, supported, whole_sentences
from agents.sentences import plain
from vault_sync.databases.state import State
from vault_sync.index.ledger import Ledger
from vault_sync.notes.note import Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath, title_of
from vault_sync.policy.policy import Policy, PolicySource
from vault_sync.text import fold
from vault_sync.writing.edit import ABSENT, Edit
from vault_sync.writing.journal import Journal, Selection

log = logging.getLogger(__name__)

_MAX_TOKENS = 120
_MAX_QUOTES = 1500


@dataclass(frozen=True, slots=True)
class DigestStatus:
    """A digest note as it stands; times are seconds since the epoch.

    `error` says why it can not be run, `warning` why it runs and will tell of nothing.
    """

    path: VaultPath
    cron: str
    error: str
    last_run: float | None
    last_note: str | None
    due: bool
    warning: str = ""


@dataclass(frozen=True, slots=True)
class DigestResult:
    """What a run came to: the Edit that makes the new note and the notes it cites, or None where nothing changed.

    `message` is for the reader.
    """

    path: VaultPath
    edit: Edit | None
    sources: tuple[VaultPath, ...]
    message: str
    generated: bool = False


class Digests:
    """Finds and runs the digests of one vault."""

    def __init__(
        self,
        ledger: Ledger,
        read: Callable[[VaultPath], bytes | None],
        roles: Roles,
        mastery: Mastery,
        prompts: Prompts,
        state: State,
        next_fire: NextFire,
        zone: tzinfo = UTC,
        *,
        policy: PolicySource | None = None,
        links: LinkPaths | None = None,
        exists: Callable[[VaultPath], bool] | None = None,
    ) -> None:
        """`read` gives a note's bytes or None, `zone` is the time zone of cron lines and dates.

        `policy` says which notes may be told of and where the new ones go, `links` how they are linked; `exists` sees
        files that may not be read.
        """
        self._ledger = ledger
        self._read = read
        self._roles = roles
        self._mastery = mastery
        self._prompts = prompts
        self._state = state
        self._next_fire = next_fire
        self._zone = zone
        self._policy = policy or Policy()
        self._exists = exists or (lambda path: read(path) is not None)
        self._changelog = Changelog(ledger, read, state, self._policy)
        self._links = links or LinkPaths(ledger)

    def find(self, now: float) -> list[DigestStatus]:
        """All digest notes, by path; new ones are remembered as seen now, and errors are kept in the state."""
        paths = self._paths()
        found = [self._status(path, now) for path in paths]
        with self._state.transaction() as connection:
            for row in connection.execute("SELECT path FROM digests").fetchall():
                if row["path"] not in paths:
                    connection.execute("DELETE FROM digests WHERE path = ?", (row["path"],))
        return found

    def _status(self, path: VaultPath, now: float) -> DigestStatus:
        with self._state.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO digests (path, seen_at) VALUES (?, ?)", (path, now))
        self._end_interrupted(path)
        row = self._state.rows("SELECT * FROM digests WHERE path = ?", (path,))[0]
        cron, error, warning, due = "", "", "", False
        try:
            digest = self._digest(path, now)
            since = self._moment(row["last_run"] or row["seen_at"])
            cron, due = digest.cron, missed(digest.cron, since, self._moment(now), self._next_fire)
            warning = self._missing(digest)
        except DigestError as broken:
            error = " ".join(part for part in (broken.effect, broken.cause, broken.fix) if part)
        with self._state.transaction() as connection:
            connection.execute("UPDATE digests SET error = ? WHERE path = ?", (error or None, path))
        last = row["last_note"]
        shown = last if last and self._policy.current.allows(last, "digests") else None
        return DigestStatus(path, cron, error, row["last_run"], shown, due, warning)

    def _missing(self, digest: DigestNote) -> str:
        """What is wrong with a scope that fits no note; empty where one does, or where there is no scope."""
        if not digest.scope or self._changelog.has_notes(digest):
            return ""
        return (
            f"It tells of nothing: no note is in its scope ({', '.join(digest.scope)}). "
            f"Correct `{SCOPE_KEY}`: folders as they are called from the vault's root, or tags with `#`."
        )

    def _paths(self) -> list[VaultPath]:
        policy = self._policy.current
        found = [record.path for record in self._ledger.notes() if record.digest]
        return [path for path in found if policy.allows(path, "digests")]

    def named(self, name: str) -> VaultPath:
        """The digest note of this path or title. Raises DigestError where there is none."""
        paths = self._paths()
        for path in paths:
            if fold(name) in (fold(path), fold(title_of(path))):
                return path
        known = ", ".join(title_of(path) for path in paths) or "none"
        raise DigestError(
            f"There is no digest {name!r}.",
            f"Digest notes in this vault: {known}.",
            "Give a note the frontmatter key `famulus-digest` with a cron line.",
        )

    async def run(self, path: VaultPath, now: float) -> DigestResult:
        """Make the Edit for the digest's next note. Raises DigestError where it can not be run.

        Nothing is remembered of the run until `finished` is told of it.
        """
        digest = await asyncio.to_thread(self._digest, path, now)
        changes = await asyncio.to_thread(self._changes, digest, now)
        if not changes:
            missing = await asyncio.to_thread(self._missing, digest)
            if missing:
                log.warning("The digest %s wrote no note. %s", path, missing)
            return DigestResult(path, None, (), missing or "Nothing had changed, so no note was written.")
        told = dict(changes.told)
        day = self._moment(now).date()
        new = await asyncio.to_thread(self._unused_path, digest, day.isoformat())
        notes = await asyncio.to_thread(lambda: {p: self._quoted(p, new, told.get(p, "")) for p in changes.present})
        summary = await self._summary(digest, [q.sentence for q in notes.values() if q.sentence])
        text = digest_text(digest.name, day, digest.language, summary, changes, notes)
        edit = Edit(new, ABSENT, Span(0, 0), "", text)
        return DigestResult(path, edit, tuple(notes), f"{len(notes)} notes.", generated=bool(summary))

    def finished(self, path: VaultPath, now: float, note: VaultPath | None) -> None:
        """Remember that the digest ran, and which note it wrote."""
        with self._state.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO digests (path, seen_at) VALUES (?, ?)", (path, now))
            connection.execute(
                "UPDATE digests SET last_run = ?, last_note = coalesce(?, last_note) WHERE path = ?", (now, note, path)
            )

    def run_name(self, path: VaultPath) -> str:
        """What the journal calls the digest's next run: the same until `finished` is told of it."""
        rows = self._state.rows("SELECT last_run FROM digests WHERE path = ?", (path,))
        last = rows[0]["last_run"] if rows else None
        return hashlib.sha256(f"{path}\0{last}".encode()).hexdigest()[:12]

    def _end_interrupted(self, path: VaultPath) -> None:
        """A run whose note was written, but which a crash kept from being remembered, must not write a second one."""
        written = Journal(self._state).entries(Selection(feature="digest", run=self.run_name(path), state="done"), 1)
        if written:
            self.finished(path, written[0].at, written[0].path)

    def _digest(self, path: VaultPath, now: float) -> DigestNote:
        data = self._read(path)
        if data is None:
            raise DigestError(f"The digest {path!r} is not run.", "Its note is gone.", "Restore the note.")
        new_notes = self._policy.current.new_notes
        return read_digest(parse_note(path, data), self._moment(now), self._next_fire, new_notes)

    def _changes(self, digest: DigestNote, now: float) -> Changes:
        rows = self._state.rows("SELECT last_run FROM digests WHERE path = ?", (digest.path,))
        since = rows[0]["last_run"] if rows and rows[0]["last_run"] else None
        if since is None:
            since = now - period(digest.cron, self._moment(now), self._next_fire).total_seconds()
        return self._changelog.since(since, digest)

    def _quoted(self, path: VaultPath, new: VaultPath, told: str) -> Quoted:
        """For the note `new`: what is new in `path` where the log knows it and it still stands there, else its topic.

        Of a note whose text policy keeps from some use only the name: a digest is a note like any other.
        """
        if not self._policy.current.quotable(path):
            link = self._links.to(path, new)
            return Quoted(link, link, "")
        chunks = self._ledger.occurrences_of(path)
        fresh = next((chunk for chunk in chunks if told and told in chunk.text), None)
        if fresh is not None:
            heading = fresh.heading[-1] if fresh.heading else ""
            return Quoted(self._links.to(path, new), self._links.to(path, new, heading=heading), plain(told))
        record = self._ledger.note(path)
        names = (record.title, *record.aliases) if record else (title_of(path),)
        evidence = first_telling(chunks, names)
        heading = evidence.heading[-1] if evidence and evidence.heading else ""
        source = self._links.to(path, new, heading=heading)
        return Quoted(self._links.to(path, new), source, evidence.shown if evidence else "")

    async def _summary(self, digest: DigestNote, sentences: list[str]) -> str:
        """What the planner says, as far as the quotations bear it out; empty where it does not master the language."""
        quotes = "\n".join(f"- {sentence}" for sentence in sentences)[:_MAX_QUOTES]
        try:
            engine = self._roles["planner"]
            may = self._policy.current.allows(digest.path, "prompt")
            if not sentences or not may or not await self._mastery.masters(engine, digest.language):
                return ""
            language = LANGUAGES.get(digest.language, "English")
            system = self._prompts.render("digest", wish=digest.prompt[:_MAX_QUOTES], language=language)
            messages = (Message("system", system), Message("user", fenced(quotes)))
            request = ChatRequest(messages, max_tokens=_MAX_TOKENS, temperature=0.0, think=False)
            written = "".join([delta.text async for delta in engine.stream(request)])
        except (AgentError, KeyError):
            log.info("No engine summed up the digest %r; it only quotes.", digest.path, exc_info=True)
            return ""
        listed = {fold(sentence) for sentence in sentences}
        said = [s.lstrip("-*• ") for s in whole_sentences(written)[:2] if supported(s, quotes)]
        return " ".join(s for s in said if fold(s) not in listed)

    def _unused_path(self, digest: DigestNote, day: str) -> VaultPath:
        """Beside the digest where new notes may be made there, else in the folder for them."""
        beside, elsewhere = (f"{stem} {day}" for stem in digest.stems)
        stem = beside if self._policy.current.creatable(f"{beside}.md") else elsewhere
        path, number = VaultPath(f"{stem}.md"), 1
        while self._exists(path):
            number += 1
            path = VaultPath(f"{stem} {number}.md")
        return path

    def _moment(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self._zone)
