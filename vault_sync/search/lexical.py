"""The lexical lane: SQLite FTS5 finds candidates by their rare words, BM25 over all words orders them.

FTS5 neither stems Russian nor knows that `ё` is `е`, so this module hands it folded stems, words and sounds, and FTS5
only splits at spaces. Words that are in many rows are left out when candidates are looked for, since walking their
lists is what makes an OR of a whole question slow; they still count in the order.
"""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from vault_sync.databases.columns import columns
from vault_sync.databases.soundness import DamageError
from vault_sync.notes.linktext import decode_percent
from vault_sync.ports import Ids
from vault_sync.search import figures
from vault_sync.search.bm25 import Fields, Gauge, share
from vault_sync.search.ids import held, ids_of
from vault_sync.search.terms import roots, sounds, tokens
from vault_sync.search.wording import LONGEST_QUERY, asked, frequencies, phrases, quoted, telling
from vault_sync.text import stem

CANDIDATES = 120
NAMED_HITS = 10
TABLES = frozenset(
    {"lexical", "lexical_data", "lexical_idx", "lexical_content", "lexical_docsize", "lexical_config", "lexical_terms"}
)
"""What FTS5 makes of the tables of this lane."""

_COLUMNS = "stems, title, heading, spelt, sounds"
_SELECT = f"SELECT rowid, {_COLUMNS} FROM lexical"
_WEIGHTS = "1.0, 3.0, 2.0, 0.25, 0.5"
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_TOKENIZER = "ascii tokenchars '''.'"


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
    """Hits, best first. `most` is what a text would score that holds all of the query, `named` how much of the query
    (0..1, rare words counting more) one of the first hits has in its title, aliases and headings. `beside` are
    the scores of occurrences that were asked about and are no hits."""

    hits: list[tuple[int, float]]
    most: float = 0.0
    named: float = 0.0
    beside: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """What full text finds for a query, the scores of all candidates, and what measures other texts by it."""

    match: Match
    scores: Mapping[int, float]
    gauge: Gauge


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of this lane."""
    connection.execute(f'CREATE VIRTUAL TABLE lexical USING fts5({_COLUMNS}, tokenize="{_TOKENIZER}")')
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
        connection.execute(f"{_SELECT} LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        return str(error)
    return ""


def fields(row: LexicalRow) -> tuple[str, str, str, str, str]:
    """What is kept of an occurrence: the stems of its text with its note's tags, of its note's names, of its headings;
    all of these words as they are written; and their sounds."""
    text = _ESCAPED.sub(lambda match: decode_percent(match.group()), row.text)
    parts = (" ".join((text, *row.tags)), " ".join((row.title, *row.aliases)), " ".join(row.heading))
    told = [tokens(part) for part in parts]
    stems, title, heading = (" ".join(map(stem, words)) for words in told)
    written = list(chain.from_iterable(told))
    return stems, title, heading, " ".join(written), " ".join(sounds(written))


def insert(connection: sqlite3.Connection, rows: Iterable[LexicalRow]) -> None:
    """Make these occurrences findable; none of them may be there already."""
    connection.executemany(
        f"INSERT INTO lexical (rowid, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
        ((row.occurrence, *fields(row)) for row in rows),
    )


def delete(connection: sqlite3.Connection, occurrences: Iterable[int]) -> None:
    """Forget these occurrences; unknown ones are no error."""
    connection.executemany("DELETE FROM lexical WHERE rowid = ?", [(i,) for i in occurrences])


def rows(connection: sqlite3.Connection) -> Iterator[tuple[int, str, str, str, str, str]]:
    """What is kept of each occurrence, as `fields` gives it."""
    yield from connection.execute(_SELECT)


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

    Any text is a query; words in quotation marks rank higher where they stand together. A last word that is nowhere
    may still be being typed: words that begin with it are found.
    """
    return match(connection, query, k, allowed, denied).hits


def rough(
    connection: sqlite3.Connection,
    stems: Iterable[str],
    k: int,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
) -> list[tuple[int, float]]:
    """The `k` occurrences that SQLite ranks first for any of these stems, with its scores (> 0): for who ranks anew.

    It takes a third of the time of `search`.
    """
    if allowed is not None and not len(allowed):
        return []
    sought = " OR ".join(map(quoted, sorted(telling(frequencies(connection, stems)))))
    return _first(connection, sought, k, allowed, denied) if sought else []


def like(
    connection: sqlite3.Connection,
    words: str,
    k: int,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
) -> list[tuple[int, float]]:
    """As `search` for the words that stand for a whole note."""
    counts = frequencies(connection, list(dict.fromkeys(roots(words)))[:LONGEST_QUERY])
    worth, sought = asked(connection, words, counts)
    found = _candidates(connection, sought, max(k, CANDIDATES), allowed, denied) if k > 0 else {}
    score = Gauge(worth.of_note(), counts, ()).over(found).scores(found)
    return sorted(score.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def match(
    connection: sqlite3.Connection,
    query: str,
    k: int,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
    beside: Collection[int] = (),
) -> Match:
    """As `search`, with how well the query was matched, and what the occurrences in `beside` score."""
    return compared(connection, look(connection, query, k, allowed, denied), beside)


def look(
    connection: sqlite3.Connection,
    query: str,
    k: int,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
) -> Looked:
    """The part of `match` that needs to know nothing but the query, and takes nearly all of its time."""
    counts = frequencies(connection, list(dict.fromkeys(roots(query)))[:LONGEST_QUERY])
    worth, sought = asked(connection, query, counts)
    found = _candidates(connection, sought, max(k, CANDIDATES), allowed, denied) if k > 0 else {}
    known = figures.figures(" ".join(roots(query))) if figures.asked_for(query) else None
    gauge = Gauge(worth, counts, phrases(query), known).over(found)
    score = gauge.scores(found)
    hits = sorted(score.items(), key=lambda hit: (-hit[1], hit[0]))[:k]
    named = max((share(found[i].name, counts) for i, _ in hits[:NAMED_HITS]), default=0.0)
    return Looked(Match(hits, gauge.most, named), score, gauge)


def compared(connection: sqlite3.Connection, looked: Looked, beside: Collection[int]) -> Match:
    """The match with what the occurrences in `beside` score, as far as they are no hits."""
    score = {**looked.scores, **looked.gauge.scores(_rows(connection, sorted(set(beside).difference(looked.scores))))}
    kept = {i for i, _ in looked.match.hits}
    return replace(looked.match, beside={i: score[i] for i in beside if i in score and i not in kept})


def holding(
    connection: sqlite3.Connection,
    root: str,
    allowed: Collection[int] | Ids | None = None,
    denied: Collection[int] | Ids = (),
) -> int:
    """How many of the rows that a search among `allowed` but `denied` sees hold the stem."""
    narrow, values = _narrowed(connection, quoted(root), allowed, denied)
    row = connection.execute(f"SELECT count(*) FROM lexical WHERE lexical MATCH ?{narrow}", values).fetchone()
    return int(row[0])


def _candidates(
    connection: sqlite3.Connection,
    sought: str,
    most: int,
    allowed: Collection[int] | Ids | None,
    denied: Collection[int] | Ids,
) -> dict[int, Fields]:
    """The rows that FTS5 ranks first, with their words."""
    if not sought or (allowed is not None and not len(allowed)):
        return {}
    # Their texts are read afterwards: SQLite would read those of every row that matches before it orders them.
    return _rows(connection, [occurrence for occurrence, _ in _first(connection, sought, most, allowed, denied)])


def _first(
    connection: sqlite3.Connection,
    sought: str,
    most: int,
    allowed: Collection[int] | Ids | None,
    denied: Collection[int] | Ids,
) -> list[tuple[int, float]]:
    narrow, values = _narrowed(connection, sought, allowed, denied)
    rows = connection.execute(
        f"SELECT rowid, -bm25(lexical, {_WEIGHTS}) AS score FROM lexical WHERE lexical MATCH ?{narrow}"
        " ORDER BY score DESC, rowid LIMIT ?",
        [*values, most],
    )
    return [(int(occurrence), float(score)) for occurrence, score in rows]


def _rows(connection: sqlite3.Connection, occurrences: Sequence[int]) -> dict[int, Fields]:
    """These rows in this order, as far as they are there."""
    if not occurrences:
        return {}
    sql = f"{_SELECT} WHERE rowid IN (SELECT value FROM json_each(?))"
    found = {int(row[0]): _fields(row) for row in connection.execute(sql, (json.dumps(occurrences),))}
    return {i: found[i] for i in occurrences if i in found}


def _fields(row: Sequence[str]) -> Fields:
    return Fields(row[2], row[3], row[1], row[4], row[5])


def _narrowed(
    connection: sqlite3.Connection,
    sought: str,
    allowed: Collection[int] | Ids | None,
    denied: Collection[int] | Ids,
) -> tuple[str, list[object]]:
    """What follows `MATCH ?` in a statement, and the values for it.

    FTS5 is asked for all rows that match first, unranked, which takes a small part of the time that ranking takes: so
    no more ids than those go to SQLite, however many are allowed.
    """
    if allowed is None and not len(denied):
        return "", [sought]
    found = columns(connection, ("rowid",), "lexical WHERE lexical MATCH ?", [sought])[0]
    keep = np.ones(len(found), bool) if allowed is None else held(found, ids_of(allowed))
    keep &= ~held(found, ids_of(denied))
    # The plus sign keeps SQLite from running the whole match once for each id.
    return " AND +rowid IN (SELECT value FROM json_each(?))", [sought, json.dumps(found[keep].tolist())]
