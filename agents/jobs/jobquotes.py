"""Which other notes the suggestions of a job quote."""

import json
import sqlite3

from agents.inbox import quotes
from agents.inbox.suggestion import edit_from_json, edit_to_json
from vault_sync.paths import VaultPath

_SQL = "SELECT job, id, body FROM job_suggestions WHERE body LIKE ?"
_LIKE = f"%{quotes.KEY}%"


def with_quotes(connection: sqlite3.Connection, job: str) -> list[tuple[str, tuple[VaultPath, ...]]]:
    """The ids of a job's suggestions that may quote other notes, and which notes."""
    rows = connection.execute(f"{_SQL} AND job = ?", (_LIKE, job)).fetchall()
    return [(row["id"], quotes.quoted(edit_from_json(json.loads(row["body"])["edit"])[1])) for row in rows]


def quoted_elsewhere(connection: sqlite3.Connection, old: VaultPath, new: VaultPath) -> None:
    """A note has another path: suggestions that quote it know it by that."""
    for row in connection.execute(_SQL, (_LIKE,)).fetchall():
        body = json.loads(row["body"])
        edit, detail = edit_from_json(body["edit"])
        then = quotes.renamed(detail, old, new)
        if then != detail:
            body["edit"] = edit_to_json(edit, then)
            values = (json.dumps(body, ensure_ascii=False), row["job"], row["id"])
            connection.execute("UPDATE job_suggestions SET body = ? WHERE job = ? AND id = ?", values)
