"""The lexical lane: SQLite FTS5 finds candidates by their rare words, BM25 over all words orders them.

FTS5 neither stems Russian nor knows that `ё` is `е`, so this module hands it folded stems, and FTS5 only splits
at spaces. Words that are in many rows are left out when candidates are looked for, since walking their lists is
what makes an OR of a whole question slow; they still count in the order.
"""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vault_sync.bm25 import Counts, Fields, phrase_bonus, scores, share
from vault_sync.columns import columns
from vault_sync.ids import held, ids_of
from vault_sync.linktext import decode_percent
from vault_sync.ports import Ids
from vault_sync.soundness import DamageError
from vault_sync.text import stem, words

COMMON = 0.05
"""A stem in more than this share of the rows is not looked for where the query has rarer ones."""
COMMON_ROWS = 500
"""Stems in fewer rows than this are always looked for: they cost nothing."""
CANDIDATES = 120
LONGEST_QUERY = 64
"""Different stems of a query that count; of a pasted page that is its first lines."""
COVERAGE_HITS = 10

TABLES = frozenset(
    {"lexical", "lexical_data", "lexical_idx", "lexical_content", "lexical_docsize", "lexical_config", "lexical_terms"}
)
"""What FTS5 makes of the tables of this lane."""

_ROWS = "SELECT rowid, stems, title, heading FROM lexical"
_FIELDS = "SELECT rowid, title, heading, stems FROM lexical"
_WEIGHTS = "1.0, 3.0, 2.0"
_QUOTED = re.compile(r'"([^"]+)"|«([^»]+)»|“([^”]+)”')
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_TOKENIZER = "ascii tokenchars ''''"


@dataclass(frozen=True, slots=True)
class LexicalRow:
    """What is searchable of one occurrence."""

    occurrence: int
    title: str
    heading: tuple[str, ...]
    text: str
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Hits, best first. How much of the query (0..1, rare words counting more) one of the first of them holds:
    `coverage` anywhere, `named` in its title, aliases and headings."""

    hits: list[tuple[int, float]]
    coverage: float = 0.0
    named: float = 0.0


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of this lane."""
    connection.execute(f'CREATE VIRTUAL TABLE lexical USING fts5(stems, title, heading, tokenize="{_TOKENIZER}")')
    connection.execute("CREATE VIRTUAL TABLE lexical_terms USING fts5vocab(lexical, 'row')")


def create_anew(connection: sqlite3.Connection) -> None:
    """Make the tables again, empty, whatever is left of them. Raises DamageError where SQLite can not let them go."""
    try:
        connection.execute("DROP TABLE IF EXISTS lexical_terms")
        connection.execute("DROP TABLE IF EXISTS lexical")
    except sqlite3.DatabaseError as error:
        raise DamageError(f"the full text can not be made anew: {error}") from error
    create(connection)


def contradiction(connection: sqlite3.Connection) -> str:
    """Where the words that are looked for are not those of the rows, what SQLite says; else empty."""
    try:
        connection.execute("INSERT INTO lexical (lexical) VALUES ('integrity-check')")
        connection.execute(f"{_ROWS} LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        return str(error)
    return ""


def fields(row: LexicalRow) -> tuple[str, str, str]:
    """What is kept of an occurrence: the stems of its text with its note's tags, of its note's names, of its headings."""
    names = " ".join((row.title, *row.aliases))
    text = _ESCAPED.sub(lambda match: decode_percent(match.group()), row.text)
    return " ".join(roots(" ".join((text, *row.tags)))), " ".join(roots(names)), " ".join(roots(" ".join(row.heading)))


def insert(connection: sqlite3.Connection, rows: Iterable[LexicalRow]) -> None:
    """Make these occurrences findable; none of them may be there already."""
    connection.executemany(
        "INSERT INTO lexical (rowid, stems, title, heading) VALUES (?, ?, ?, ?)",
        ((row.occurrence, *fields(row)) for row in rows),
    )


def delete(connection: sqlite3.Connection, occurrences: Iterable[int]) -> None:
    """Forget these occurrences; unknown ones are no error."""
    connection.executemany("DELETE FROM lexical WHERE rowid = ?", [(i,) for i in occurrences])


def rows(connection: sqlite3.Connection) -> Iterator[tuple[int, str, str, str]]:
    """What is kept of each occurrence, as `fields` gives it."""
    yield from connection.execute(_ROWS)


def compact(connection: sqlite3.Connection) -> None:
    """Take the words of deleted rows out of the file at once; FTS5 does it by and by. Rewrites the whole lane."""
    connection.execute("INSERT INTO lexical (lexical) VALUES ('optimize')")


def search(
    connection: sqlite3.Connection,
    query: str,
    k: int,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
) -> list[tuple[int, float]]:
    """The `k` best occurrences among `allowed` (None: all) and not `denied`, best first, with scores > 0, ties by id.

    Any text is a query; words in quotation marks rank higher where they stand together.
    """
    return match(connection, query, k, allowed, denied).hits


def match(
    connection: sqlite3.Connection,
    query: str,
    k: int,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
) -> Match:
    """As `search`, with how well the query was matched."""
    counts = frequencies(connection, list(dict.fromkeys(roots(query)))[:LONGEST_QUERY])
    found = _candidates(connection, telling(counts), max(k, CANDIDATES), allowed, denied) if k > 0 else {}
    phrases = _phrases(query)
    plain = scores(list(found.values()), counts)
    ranked = sorted(
        (-score - phrase_bonus(found[i], phrases, counts), i) for i, score in zip(found, plain, strict=True)
    )
    hits = [(i, -score) for score, i in ranked[:k]]
    first = [found[i] for i, _ in hits[:COVERAGE_HITS]]
    coverage = max((share([*fields.name, *fields.text], counts) for fields in first), default=0.0)
    return Match(hits, coverage, max((share(fields.name, counts) for fields in first), default=0.0))


def frequencies(connection: sqlite3.Connection, stems: Iterable[str]) -> Counts:
    """In how many rows each stem occurs."""
    rows = int(connection.execute("SELECT count(*) FROM lexical_docsize").fetchone()[0])
    return Counts(rows, {root: _frequency(connection, root) for root in dict.fromkeys(stems)})


def _frequency(connection: sqlite3.Connection, root: str) -> int:
    row = connection.execute("SELECT doc FROM lexical_terms WHERE term = ?", (root,)).fetchone()
    return int(row[0]) if row else 0


def holding(
    connection: sqlite3.Connection,
    root: str,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
) -> int:
    """How many of the rows that a search among `allowed` but `denied` sees hold the stem."""
    narrow, values = _narrowed(connection, [root], allowed, denied)
    row = connection.execute(f"SELECT count(*) FROM lexical WHERE lexical MATCH ?{narrow}", values).fetchone()
    return int(row[0])


def telling(counts: Counts) -> set[str]:
    """The stems worth looking for: the common ones are left out where rarer ones occur at all."""
    limit = max(COMMON * counts.rows, COMMON_ROWS)
    found = {root for root, rows in counts.of_stem.items() if rows}
    return {root for root in found if counts.of_stem[root] <= limit} or found


def tokens(text: str) -> list[str]:
    """Folded words as this lane sees them: compounds are split at hyphens, one form of apostrophe."""
    return [part for word in words(text) for part in word.replace("’", "'").split("-")]


def roots(text: str) -> list[str]:
    """The stems of the tokens, in order."""
    return [stem(token) for token in tokens(text)]


def _phrases(query: str) -> list[list[str]]:
    quoted = (roots("".join(groups)) for groups in _QUOTED.findall(query))
    return [phrase for phrase in quoted if len(phrase) > 1]


def _candidates(
    connection: sqlite3.Connection,
    stems: Collection[str],
    most: int,
    allowed: Collection[int] | Ids | None,
    denied: Collection[int] | Ids,
) -> dict[int, Fields]:
    """The rows that FTS5 ranks first, with their stems."""
    if not stems or (allowed is not None and not len(allowed)):
        return {}
    narrow, values = _narrowed(connection, stems, allowed, denied)
    first = connection.execute(
        f"SELECT rowid FROM lexical WHERE lexical MATCH ?{narrow} ORDER BY bm25(lexical, {_WEIGHTS}), rowid LIMIT ?",
        [*values, most],
    ).fetchall()
    # Their texts are read afterwards: SQLite would read those of every row that matches before it orders them.
    ids = json.dumps([row[0] for row in first])
    rows = connection.execute(f"{_FIELDS} WHERE rowid IN (SELECT value FROM json_each(?))", (ids,))
    found = {int(row[0]): Fields(row[1].split(), row[2].split(), row[3].split()) for row in rows}
    return {row[0]: found[row[0]] for row in first if row[0] in found}


def _narrowed(
    connection: sqlite3.Connection,
    stems: Collection[str],
    allowed: Collection[int] | Ids | None,
    denied: Collection[int] | Ids,
) -> tuple[str, list[object]]:
    """What follows `MATCH ?` in a statement, and the values for it.

    FTS5 is asked for all rows that match first, unranked, which takes a small part of the time that ranking takes: so
    no more ids than those go to SQLite, however many are allowed.
    """
    asked = _expression(sorted(stems))
    if allowed is None and not len(denied):
        return "", [asked]
    found = columns(connection, ("rowid",), "lexical WHERE lexical MATCH ?", [asked])[0]
    keep = np.ones(len(found), bool) if allowed is None else held(found, ids_of(allowed))
    keep &= ~held(found, ids_of(denied))
    # The plus sign keeps SQLite from running the whole match once for each id.
    return " AND +rowid IN (SELECT value FROM json_each(?))", [asked, json.dumps(found[keep].tolist())]


def _expression(stems: Sequence[str]) -> str:
    """An FTS5 query; every stem is quoted, so that nothing of the user's text is read as syntax."""
    return " OR ".join('"' + root.replace('"', '""') + '"' for root in stems)
