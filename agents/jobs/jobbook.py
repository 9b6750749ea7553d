"""Jobs and the notes that each looks at, in `state.db`: what is done is written with its result, in one transaction."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from agents.jobs.job import OPEN, Job, JobNotFoundError, Wish
from agents.jobs.jobquotes import quoted_elsewhere, with_quotes
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath

NoteState = Literal["waiting", "done", "failed"]
_COLUMNS = "id, kind, state, wish, reason, resumes, retry_at, tries, thresholds, began_applying, created_at, changed_at"


@dataclass(frozen=True, slots=True)
class JobNote:
    """A note of a job. `hash` is that of the bytes that were looked at, `looks` how often that was; one is not to be
    tried before `not_before` (seconds since the epoch)."""

    path: VaultPath
    state: NoteState
    hash: str
    reason: str
    tries: int
    not_before: float
    looks: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a look at one note took. `seconds` is None where it says nothing of the next note, as while models load."""

    seconds: float | None
    requests: int = 0
    tokens: int = 0


class JobBook:
    """The tables `jobs` and `job_notes`."""

    def __init__(self, state: State) -> None:
        """Uses the given state."""
        self._state = state

    def put(self, job: Job, connection: sqlite3.Connection | None = None) -> None:
        """Keep a job as it is now, in the caller's transaction where one is given."""
        if connection is None:
            with self._state.transaction() as own:
                return self.put(job, own)
        values = asdict(job) | {"wish": json.dumps(asdict(job.wish)), "thresholds": json.dumps(dict(job.thresholds))}
        names = _COLUMNS.split(", ")
        updates = ", ".join(f"{name} = excluded.{name}" for name in names)
        connection.execute(
            f"INSERT INTO jobs ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in names)})"
            f" ON CONFLICT (id) DO UPDATE SET {updates}",
            values,
        )

    def get(self, job: str) -> Job:
        """One job. Raises JobNotFoundError."""
        rows = self._state.rows(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job,))
        if not rows:
            raise JobNotFoundError(f"There is no job {job!r}.", "", "List them with `famulus jobs`.")
        return _job(rows[0])

    def has(self, job: str) -> bool:
        """Whether there is such a job."""
        return bool(self._state.rows("SELECT 1 FROM jobs WHERE id = ?", (job,)))

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        return [
            _job(row) for row in self._state.rows(f"SELECT {_COLUMNS} FROM jobs ORDER BY created_at DESC, rowid DESC")
        ]

    def open(self, kind: str | None = None) -> Job | None:
        """The job that is not at its end (of a kind); there is one of a kind at most."""
        return next((job for job in self.all() if job.state in OPEN and kind in (None, job.kind)), None)

    def estimate(self, job: str) -> dict[str, object] | None:
        """What was estimated before the job began, as the API shows it."""
        rows = self._state.rows("SELECT estimate FROM jobs WHERE id = ?", (job,))
        return json.loads(rows[0]["estimate"]) if rows and rows[0]["estimate"] else None

    def keep_estimate(self, job: Job, estimate: Mapping[str, object]) -> None:
        """Keep the estimate with the job's new state."""
        with self._state.transaction() as connection:
            self.put(job, connection)
            connection.execute("UPDATE jobs SET estimate = ? WHERE id = ?", (json.dumps(estimate), job.id))

    def add_notes(self, job: Job, paths: Iterable[VaultPath]) -> int:
        """Have these notes looked at, in an order that chance gives and the seed fixes; known ones stay as they are.

        So the first ones are a fair sample of all. Returns how many are new.
        """
        rows = [(job.id, path, _place(job.wish.seed, path)) for path in paths]
        with self._state.transaction() as connection:
            sql = "INSERT OR IGNORE INTO job_notes (job, path, place, state) VALUES (?, ?, ?, 'waiting')"
            return connection.executemany(sql, rows).rowcount

    def next_note(self, job: str, now: float) -> JobNote | None:
        """The next note to look at; one that was put off comes last, and not before its time."""
        of_job = "SELECT * FROM job_notes WHERE job = ? AND state = 'waiting'"
        # Two questions: with one, all notes that wait would be sorted for each of them.
        rows = self._state.rows(f"{of_job} AND not_before = 0 ORDER BY place LIMIT 1", (job,))
        if not rows:
            rows = self._state.rows(f"{of_job} AND not_before <= ? ORDER BY not_before LIMIT 1", (job, now))
        return _note(rows[0]) if rows else None

    def next_time(self, job: str) -> float | None:
        """When the next note that was put off may be tried; None where none waits."""
        sql = "SELECT min(not_before) AS at FROM job_notes WHERE job = ? AND state = 'waiting'"
        found: float | None = self._state.rows(sql, (job,))[0]["at"]
        return found

    def note(self, job: str, path: VaultPath) -> JobNote | None:
        """One note of a job."""
        rows = self._state.rows("SELECT * FROM job_notes WHERE job = ? AND path = ?", (job, path))
        return _note(rows[0]) if rows else None

    def notes(self, job: str, state: NoteState | None = None) -> list[JobNote]:
        """The notes of a job (in a state) by path."""
        sql = "SELECT * FROM job_notes WHERE job = ?1 AND coalesce(?2, state) = state ORDER BY path"
        return [_note(row) for row in self._state.rows(sql, (job, state))]

    def put_off(self, job: str, path: VaultPath, until: float, reason: str, *, failed: bool = False) -> None:
        """Try a note later; with `failed` that counts as a try."""
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE job_notes SET not_before = ?, reason = ?, tries = tries + ? WHERE job = ? AND path = ?",
                (until, reason, int(failed), job, path),
            )

    def look_again(self, job: str, path: VaultPath) -> None:
        """The note is another one than the one that was looked at."""
        sql = "UPDATE job_notes SET state = 'waiting', not_before = 0, tries = 0 WHERE job = ? AND path = ?"
        with self._state.transaction() as connection:
            connection.execute(sql, (job, path))

    def counts(self, job: str) -> dict[str, int]:
        """How many notes are in each state, and `put_off` of those that wait."""
        sql = (
            "SELECT state, count(*) AS n, sum(state = 'waiting' AND not_before > 0) AS off FROM job_notes WHERE job = ?"
        )
        rows = self._state.rows(f"{sql} GROUP BY state", (job,))
        found = {"waiting": 0, "done": 0, "failed": 0} | {row["state"]: row["n"] for row in rows}
        return found | {"put_off": sum(row["off"] or 0 for row in rows)}

    def costs(self, job: str, most: int) -> list[tuple[Cost, int]]:
        """What the first `most` notes took in the order of looking, a fair sample of all, and how many suggestions came."""
        sql = (
            "SELECT seconds, requests, tokens, (SELECT count(*) FROM job_suggestions s WHERE s.job = n.job AND s.path = n.path)"
            " AS found FROM job_notes n WHERE job = ? AND looks > 0 ORDER BY place LIMIT ?"
        )
        rows = self._state.rows(sql, (job, most))
        return [(Cost(row["seconds"], row["requests"], row["tokens"]), row["found"]) for row in rows]

    def moved(self, old: VaultPath, new: VaultPath) -> None:
        """A note has another path: open jobs look at it anew, there."""
        for job in (job for job in self.all() if job.state in OPEN and self.note(job.id, old) is not None):
            with self._state.transaction() as connection:
                _drop(connection, job.id, lambda path: path == old, quotes=False)
            self.add_notes(job, [new])
        with self._state.transaction() as connection:
            quoted_elsewhere(connection, old, new)

    def forget(self, gone: Callable[[VaultPath], bool]) -> None:
        """Forget these notes, and the suggestions that are about them or quote them."""
        with self._state.transaction() as connection:
            for row in connection.execute("SELECT id FROM jobs").fetchall():
                _drop(connection, row["id"], gone)


def finished(connection: sqlite3.Connection, job: str, note: JobNote, digest: str, cost: Cost) -> None:
    """A note was looked at, in the transaction in which its suggestions are kept."""
    connection.execute(
        "UPDATE job_notes SET state = ?, hash = ?, reason = ?, not_before = 0, looks = looks + 1, seconds = ?, requests = ?,"
        " tokens = ? WHERE job = ? AND path = ?",
        (note.state, digest, note.reason, cost.seconds, cost.requests, cost.tokens, job, note.path),
    )


def with_reason(note: JobNote, state: NoteState, reason: str = "") -> JobNote:
    """The note in another state."""
    return replace(note, state=state, reason=reason)


def _drop(connection: sqlite3.Connection, job: str, gone: Callable[[VaultPath], bool], *, quotes: bool = True) -> None:
    """Notes, and suggestions that are about them; those with `quotes` of them, too."""
    notes = connection.execute("SELECT path FROM job_notes WHERE job = ?", (job,)).fetchall()
    _delete(connection, "job_notes", "path", job, [row["path"] for row in notes if gone(row["path"])])
    made = connection.execute("SELECT id, path, target FROM job_suggestions WHERE job = ?", (job,)).fetchall()
    ids = [row["id"] for row in made if gone(row["path"]) or (row["target"] and gone(row["target"]))]
    if quotes:
        ids += [each for each, quoted in with_quotes(connection, job) if any(map(gone, quoted))]
    _delete(connection, "job_suggestions", "id", job, ids)


def _delete(connection: sqlite3.Connection, table: str, column: str, job: str, values: Sequence[str]) -> None:
    connection.executemany(f"DELETE FROM {table} WHERE job = ? AND {column} = ?", [(job, value) for value in values])


def _place(seed: int, path: VaultPath) -> str:
    return hashlib.sha256(f"{seed}\0{path}".encode()).hexdigest()[:16]


def _job(row: sqlite3.Row) -> Job:
    values = dict(row)
    wish = json.loads(values.pop("wish"))
    return Job(
        **values | {"wish": Wish(**wish | {"kinds": tuple(wish["kinds"])}), "thresholds": json.loads(row["thresholds"])}
    )


def _note(row: sqlite3.Row) -> JobNote:
    return JobNote(
        VaultPath(row["path"]), row["state"], row["hash"], row["reason"], row["tries"], row["not_before"], row["looks"]
    )
