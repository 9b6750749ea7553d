"""The lexical lane: BM25 over SQLite FTS5, on words and stems that were folded before they got there.

FTS5 neither stems Russian nor knows that `ё` is `е`, so this module writes folded words into one column and
their stems into the others, and FTS5 only splits at spaces.
"""

import json
import math
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vault_sync.text import stem, words

WEIGHTS = (0.5, 1.0, 3.0, 1.5)
"""How much a hit counts in the columns raw, stems, title, heading."""
COMMON = 0.05
"""A stem in more than this share of the rows is left out where the query has rarer ones: it costs time and
says little."""
COMMON_ROWS = 500
"""Stems in fewer rows than this are never left out: they cost nothing."""
LONGEST_QUERY = 64
"""Different stems of a query that are looked up; a pasted page is cut to its first ones."""
COVERAGE_HITS = 10

_QUOTED = re.compile(r'"([^"]+)"|«([^»]+)»|“([^”]+)”')
_TOKENIZER = "ascii tokenchars ''''"


@dataclass(frozen=True, slots=True)
class LexicalRow:
    """What is searchable of one occurrence."""

    occurrence: int
    title: str
    heading: tuple[str, ...]
    text: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Hits, best first, and the share of the query (0..1, rare words counting more) that the best hits hold."""

    hits: list[tuple[int, float]]
    coverage: float


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of this lane."""
    connection.execute(f'CREATE VIRTUAL TABLE lexical USING fts5(raw, stems, title, heading, tokenize="{_TOKENIZER}")')
    connection.execute("CREATE VIRTUAL TABLE lexical_terms USING fts5vocab(lexical, 'col')")


def insert(connection: sqlite3.Connection, rows: Iterable[LexicalRow]) -> None:
    """Make these occurrences findable; none of them may be there already."""
    connection.executemany(
        "INSERT INTO lexical (rowid, raw, stems, title, heading) VALUES (?, ?, ?, ?, ?)",
        (
            (
                row.occurrence,
                " ".join(tokens(row.text)),
                _stemmed(row.text),
                _stemmed(" ".join((row.title, *row.aliases))),
                _stemmed(" ".join(row.heading)),
            )
            for row in rows
        ),
    )


def delete(connection: sqlite3.Connection, occurrences: Iterable[int]) -> None:
    """Forget these occurrences; unknown ones are no error."""
    connection.executemany("DELETE FROM lexical WHERE rowid = ?", [(i,) for i in occurrences])


def search(
    connection: sqlite3.Connection, query: str, k: int, allowed: Collection[int] | None = None
) -> list[tuple[int, float]]:
    """The `k` best occurrences among `allowed` (None: all) with their BM25 scores (> 0), best first, ties by id."""
    return match(connection, query, k, allowed).hits


def match(connection: sqlite3.Connection, query: str, k: int, allowed: Collection[int] | None = None) -> Match:
    """As `search`, with how much of the query the best hits hold."""
    asked = _asked(query)
    counts = Counts.of(connection, asked.values())
    chosen = telling(counts)
    kept = {word: root for word, root in asked.items() if root in chosen}
    expression = _expression(kept, _phrases(query))
    if not expression or k <= 0 or (allowed is not None and not allowed):
        return Match([], 0.0)
    hits = _run(connection, expression, k, allowed)
    return Match(hits, _coverage(connection, [i for i, _ in hits[:COVERAGE_HITS]], counts))


@dataclass(frozen=True, slots=True)
class Counts:
    """In how many of the rows each stem occurs."""

    rows: int
    of_stem: Mapping[str, int]

    @staticmethod
    def of(connection: sqlite3.Connection, stems: Iterable[str]) -> "Counts":
        """Look them up."""
        rows = int(connection.execute("SELECT count(*) FROM lexical_docsize").fetchone()[0])
        return Counts(rows, {root: _frequency(connection, root) for root in dict.fromkeys(stems)})

    def rarity(self, root: str) -> float:
        """1 for a stem that is nowhere, towards 0 for one that is everywhere."""
        return math.log((self.rows + 2) / (self.of_stem[root] + 1)) / math.log(self.rows + 2)


def _frequency(connection: sqlite3.Connection, root: str) -> int:
    row = connection.execute("SELECT max(doc) FROM lexical_terms WHERE term = ? AND col != 'raw'", (root,)).fetchone()
    return int(row[0] or 0)


def telling(counts: Counts) -> set[str]:
    """The stems worth looking for: the common ones are left out where rarer ones occur at all."""
    limit = max(COMMON * counts.rows, COMMON_ROWS)
    found = {root for root, rows in counts.of_stem.items() if rows}
    return {root for root in found if counts.of_stem[root] <= limit} or found


def tokens(text: str) -> list[str]:
    """Folded words as this lane sees them: compounds are split at hyphens, one form of apostrophe."""
    return [part for word in words(text) for part in word.replace("’", "'").split("-")]


def _asked(query: str) -> dict[str, str]:
    """The first words of the query with their stems."""
    found = {word: stem(word) for word in dict.fromkeys(tokens(query))}
    return dict(list(found.items())[:LONGEST_QUERY])


def _stemmed(text: str) -> str:
    return " ".join(stem(token) for token in tokens(text))


def _phrases(query: str) -> list[list[str]]:
    quoted = (tokens("".join(groups)) for groups in _QUOTED.findall(query))
    return [phrase[:LONGEST_QUERY] for phrase in quoted if len(phrase) > 1]


def _expression(asked: Mapping[str, str], phrases: Sequence[Sequence[str]]) -> str:
    """An FTS5 query; every word is quoted, so that nothing of the user's text is read as syntax."""
    raw = [_quoted(word) for word in asked]
    roots = [_quoted(root) for root in dict.fromkeys(asked.values())]
    lines = [_quoted(" ".join(phrase)) for phrase in phrases]
    parts = [f"{{raw}} : ({' OR '.join(raw + lines)})"] if raw or lines else []
    if roots:
        parts.append(f"{{stems title heading}} : ({' OR '.join(roots)})")
    return " OR ".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _run(
    connection: sqlite3.Connection, expression: str, k: int, allowed: Collection[int] | None
) -> list[tuple[int, float]]:
    narrow, values = "", [expression]
    if allowed is not None:
        # The plus sign keeps SQLite from running the whole match once for each allowed id.
        narrow, values = " AND +rowid IN (SELECT value FROM json_each(?))", [expression, json.dumps(list(allowed))]
    weights = ", ".join(map(str, WEIGHTS))
    rows = connection.execute(
        f"SELECT rowid, -bm25(lexical, {weights}) AS score FROM lexical WHERE lexical MATCH ?{narrow}"
        f" ORDER BY score DESC, rowid LIMIT {int(k)}",
        values,
    )
    return [(int(row[0]), float(row[1])) for row in rows]


def _coverage(connection: sqlite3.Connection, hits: Sequence[int], counts: Counts) -> float:
    """The largest share of the query, by rarity, that one of the hits holds."""
    total = sum(counts.rarity(root) for root in counts.of_stem)
    if not total:
        return 0.0
    marks = ",".join("?" * len(hits))
    rows = connection.execute(f"SELECT stems, title, heading FROM lexical WHERE rowid IN ({marks})", hits)
    held = (set(" ".join(row).split()) for row in rows)
    return max((sum(counts.rarity(r) for r in counts.of_stem if r in own) / total for own in held), default=0.0)
