"""What a job found: suggestions that wait in the job, not in the inbox, until they are judged and the user says so."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from agents.inbox.suggestion import Suggestion, edit_from_json, edit_to_json
from agents.jobs.job import Answers, Job, JobError, Verdict, wanted
from agents.jobs.jobbook import Cost, JobBook, JobNote, finished
from agents.jobs.precision import Judged
from agents.jobs.sampling import Drawn, Unit, draw
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath

Outcome = Literal["", "applied", "kept", "left", "rejected", "refused", "gone"]
"""What became of one: written, kept in the inbox, left out, refused by the user, not to be written, its note gone."""


@dataclass(frozen=True, slots=True)
class Find:
    """A suggestion of a job with what the user said of it and what became of it. `drawn` is its number in the sample."""

    suggestion: Suggestion
    drawn: int | None
    verdict: str
    outcome: Outcome
    reason: str


class JobFinds:
    """The table `job_suggestions`."""

    def __init__(self, state: State, book: JobBook) -> None:
        """Uses the state that `book` uses."""
        self._state = state
        self._book = book

    def keep(self, job: Job, note: JobNote, digest: str, found: Sequence[Suggestion], cost: Cost) -> None:
        """A note was looked at: its suggestions take the place of those not yet decided, and the note is done."""
        with self._state.transaction() as connection:
            self._make_room(connection, job.id, note.path, {each.id for each in found})
            connection.executemany(
                "INSERT INTO job_suggestions (job, id, kind, path, target, score, body, outcome)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, id) DO UPDATE SET score = excluded.score,"
                " body = excluded.body, outcome = iif(verdict IN ('yes', 'no'), outcome, excluded.outcome)"
                " WHERE outcome IN ('', 'left')",
                [_row(job, each) for each in found],
            )
            finished(connection, job.id, note, digest, cost)

    @staticmethod
    def _make_room(connection: sqlite3.Connection, job: str, path: VaultPath, found: set[str]) -> None:
        """What was not shown to the user goes; what they judged stays, and has an end where it is not found again."""
        connection.execute(
            "DELETE FROM job_suggestions WHERE job = ? AND path = ? AND outcome IN ('', 'left') AND drawn IS NULL",
            (job, path),
        )
        sql = "SELECT id FROM job_suggestions WHERE job = ? AND path = ? AND outcome = ''"
        lost = [(job, row["id"]) for row in connection.execute(sql, (job, path)).fetchall() if row["id"] not in found]
        connection.executemany(
            "UPDATE job_suggestions SET outcome = 'gone', reason = 'It is not proposed for the changed note.'"
            " WHERE job = ? AND id = ?",
            lost,
        )

    def draw(self, job: Job) -> Drawn:
        """Draw the sample and keep it; done again it is drawn anew from what was found by then."""
        rows = self._state.rows("SELECT id, kind, score FROM job_suggestions WHERE job = ?", (job.id,))
        drawn = draw([Unit(row["id"], row["kind"], row["score"]) for row in rows], job.wish.sample, job.wish.seed)
        numbers = {each: number for number, each in enumerate(drawn.ids, start=1)}
        with self._state.transaction() as connection:
            connection.executemany(
                "UPDATE job_suggestions SET stratum = ?, drawn = ? WHERE job = ? AND id = ?",
                [(stratum, numbers.get(each), job.id, each) for each, stratum in drawn.stratum.items()],
            )
        return drawn

    def sample(self, job: str) -> list[Find]:
        """The drawn ones in the order in which they are shown."""
        sql = "SELECT * FROM job_suggestions WHERE job = ? AND drawn IS NOT NULL ORDER BY drawn"
        return [_find(row) for row in self._state.rows(sql, (job,))]

    def judge(self, job: Job, verdicts: Mapping[str, Verdict]) -> None:
        """Keep what the user says of drawn suggestions; the last word counts. Raises JobError where none is asked for."""
        known = {find.suggestion.id for find in self.sample(job.id)}
        if job.state != "judging" or not verdicts.keys() <= known:
            cause = f"The job is {job.state}." if job.state != "judging" else "Some ids are none of its sample."
            raise JobError("Nothing was judged.", cause, f"See `famulus jobs show {job.id}`.")
        with self._state.transaction() as connection:
            connection.executemany(
                "UPDATE job_suggestions SET verdict = ? WHERE job = ? AND id = ?",
                [(verdict, job.id, each) for each, verdict in verdicts.items()],
            )

    def answers(self, job: str) -> Answers:
        """How far the judging is."""
        sql = (
            "SELECT count(*) AS drawn, sum(verdict != '') AS answered, sum(verdict IN ('yes', 'no')) AS decided"
            " FROM job_suggestions WHERE job = ? AND drawn IS NOT NULL"
        )
        row = self._state.rows(sql, (job,))[0]
        return Answers(row["drawn"], row["answered"] or 0, row["decided"] or 0)

    def judged(self, job: str) -> list[Judged]:
        """What was answered by yes or no, each with how many of its part it stands for."""
        sql = (
            "SELECT kind, coalesce(score, 0.0) AS score, verdict, size * 1.0 / seen AS weight FROM ("
            " SELECT kind, score, verdict, count(*) OVER part AS size,"
            " sum(drawn IS NOT NULL AND verdict IN ('yes', 'no')) OVER part AS seen"
            " FROM job_suggestions WHERE job = ? AND stratum != '' WINDOW part AS (PARTITION BY stratum)"
            ") WHERE verdict IN ('yes', 'no')"
        )
        rows = self._state.rows(sql, (job,))
        return [Judged(row["kind"], row["score"], row["weight"], row["verdict"] == "yes") for row in rows]

    def scores(self, job: str) -> dict[str, list[float]]:
        """By kind the scores of all that was found."""
        found: dict[str, list[float]] = {}
        sql = "SELECT kind, coalesce(score, 0.0) AS score FROM job_suggestions WHERE job = ? ORDER BY kind, score"
        for row in self._state.rows(sql, (job,)):
            found.setdefault(row["kind"], []).append(row["score"])
        return found

    def begin_applying(self, job: Job) -> None:
        """Keep the user's word, and strike off what it does not cover."""
        sql = "SELECT id, kind, score, verdict FROM job_suggestions WHERE job = ?"
        with self._state.transaction() as connection:
            rows = connection.execute(sql, (job.id,)).fetchall()
            left = [(job.id, row["id"]) for row in rows if _left(job, row["kind"], row["score"], row["verdict"])]
            connection.executemany("UPDATE job_suggestions SET outcome = 'left' WHERE job = ? AND id = ?", left)
            self._book.put(job, connection)

    def next_open(self, job: str, now: float) -> VaultPath | None:
        """A note with suggestions that are to be carried out and that was not put off."""
        open_ones = (
            "SELECT s.path FROM job_suggestions s CROSS JOIN job_notes n ON n.job = s.job AND n.path = s.path"
            " WHERE s.job = ? AND s.outcome = ''"
        )
        # Two questions: with one, all that is open would be sorted for each note.
        rows = self._state.rows(f"{open_ones} AND n.not_before = 0 ORDER BY s.path LIMIT 1", (job,))
        if not rows:
            rows = self._state.rows(f"{open_ones} AND n.not_before <= ? ORDER BY n.not_before LIMIT 1", (job, now))
        return VaultPath(rows[0]["path"]) if rows else None

    def next_time(self, job: str) -> float | None:
        """When the next note that was put off may be written; None where nothing is open."""
        sql = (
            "SELECT min(n.not_before) AS at FROM job_suggestions s"
            " JOIN job_notes n ON n.job = s.job AND n.path = s.path WHERE s.job = ? AND s.outcome = ''"
        )
        found: float | None = self._state.rows(sql, (job,))[0]["at"]
        return found

    def open_of(self, job: str, path: VaultPath | None = None) -> list[Find]:
        """What is to be carried out, the best first (of one note)."""
        sql = "SELECT * FROM job_suggestions WHERE job = ?1 AND coalesce(?2, path) = path AND outcome = ''"
        return [_find(row) for row in self._state.rows(f"{sql} ORDER BY path, kind, score DESC, id", (job, path))]

    def came_to(self, job: str, outcomes: Iterable[tuple[str, Outcome, str]]) -> None:
        """What became of suggestions: id, outcome and the reason."""
        with self._state.transaction() as connection:
            connection.executemany(
                "UPDATE job_suggestions SET outcome = ?, reason = ? WHERE job = ? AND id = ?",
                [(outcome, reason, job, each) for each, outcome, reason in outcomes],
            )

    def counts(self, job: str) -> dict[str, dict[str, int]]:
        """By kind how many were found, and how many came to each outcome (`open` for none yet)."""
        sql = "SELECT kind, outcome, count(*) AS n FROM job_suggestions WHERE job = ? GROUP BY kind, outcome"
        found: dict[str, dict[str, int]] = {}
        for row in self._state.rows(sql, (job,)):
            of_kind = found.setdefault(row["kind"], {"found": 0})
            of_kind[row["outcome"] or "open"] = row["n"]
            of_kind["found"] += row["n"]
        return found


def _left(job: Job, kind: str, score: float | None, verdict: str) -> bool:
    """A no is carried out too: it is remembered."""
    return verdict != "no" and not wanted(job, kind, score, verdict)


def _body(each: Suggestion) -> str:
    body = {name: value for name, value in asdict(each).items() if name not in ("edit", "detail")}
    body["edit"] = edit_to_json(each.edit, each.detail)
    return json.dumps(body, ensure_ascii=False)


def _row(job: Job, each: Suggestion) -> tuple[object, ...]:
    outcome = "left" if job.began_applying is not None and _left(job, each.kind, each.score, "") else ""
    return job.id, each.id, each.kind, each.path, each.target, each.score, _body(each), outcome


def _find(row: sqlite3.Row) -> Find:
    body = json.loads(row["body"])
    edit, detail = edit_from_json(body.pop("edit"))
    return Find(
        Suggestion(**body, edit=edit, detail=detail), row["drawn"], row["verdict"], row["outcome"], row["reason"]
    )
