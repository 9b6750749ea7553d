"""What a query asks of the full text: its words with their worth, and FTS5's expression that finds candidates."""

import math
import re
import sqlite3
from collections.abc import Iterable, Iterator

from vault_sync.search.bm25 import BEGUN, K1, KIN, ROOT, SOUND, SOUND_KIN, SPELT, Asked, Counts, rarity
from vault_sync.search.frequency import file_of, rows_with
from vault_sync.search.terms import last_word, roots, sought_sounds, tokens
from vault_sync.text import stem

COMMON = 0.05
"""A stem in more than this share of the rows is not looked for where the query has rarer ones."""
COMMON_ROWS = 500
"""Stems in fewer rows than this are always looked for: they cost nothing."""
LONGEST_QUERY = 64
"""Different stems of a query that count; of a pasted page that is its first lines."""
SHORTEST_BEGINNING = 3
"""Letters of a word that is still being typed, from which on the words that begin with them are found."""

KNOWN, KNOWN_ROWS = 0.001, 20
"""A word that stands in more rows, and in more than this share of them, is no name that the other script may have."""

SHORTEST_KIN, KIN_SHARE = 5, 0.75
"""Letters of a word whose other words count, and the share of its letters that they begin with."""
SHORTEST_SOUND_KIN = 4
"""Consonants of a word's sound from which on sounds of the same beginning count."""

_QUOTED = re.compile(r'"([^"]+)"|«([^»]+)»|“([^”]+)”|„([^“”]+)[“”]')


def asked(connection: sqlite3.Connection, query: str, counts: Counts) -> tuple[Asked, str]:
    """What the query is worth, and the FTS5 query that finds candidates."""
    written = list(dict.fromkeys(tokens(query)))[:LONGEST_QUERY]
    spelt = frequencies(connection, written)
    foreign = [word for word in written if counts.of_stem.get(stem(word), 0) <= max(KNOWN_ROWS, KNOWN * counts.rows)]
    heard = frequencies(connection, [key for word in foreign for key in sought_sounds(word)])
    alike = dict(_alike(connection, foreign, counts.rows))
    last = last_word(query)
    begun = last if len(last) >= SHORTEST_BEGINNING and not _rows_with(connection, _written(last), 1) else ""
    started = _rows_with(connection, _beginning(begun), COMMON_ROWS) if begun else 0
    found = Asked(
        roots={root: ROOT * counts.weight(root) for root, rows in counts.of_stem.items() if rows},
        spelt={word: SPELT * spelt.weight(word) for word, rows in spelt.of_stem.items() if rows},
        sounds={key: SOUND * heard.weight(key) for key, rows in heard.of_stem.items() if rows},
        kin={stem(word): (near, KIN * counts.weight(stem(word))) for word in written if (near := _near(word, counts))},
        sound_kin=alike,
        begun=begun if started else "",
        begun_worth=BEGUN * rarity(counts.rows, started),
        most=(K1 + 1) * (ROOT * sum(map(counts.weight, counts.of_stem)) + SPELT * sum(map(spelt.weight, written))),
    )
    terms = sorted(telling(counts) | {key for key in found.sounds if heard.of_stem[key] <= _common(heard)})
    beginnings = [*map(_sounding, alike), *([_beginning(begun)] if found.begun else [])]
    return found, " OR ".join([*map(quoted, terms), *beginnings])


def _alike(
    connection: sqlite3.Connection, foreign: Iterable[str], rows: int
) -> Iterator[tuple[str, tuple[tuple[str, ...], float]]]:
    """The beginnings of sounds that are near enough to these words, as `Asked.sound_kin` has them.

    One that many rows have tells no name.
    """
    for word in foreign:
        keys = sought_sounds(word)
        shortest = min(keys, key=len, default="")
        consonants = len(shortest) - 1
        if consonants < SHORTEST_SOUND_KIN:
            continue
        beginning = shortest[: 1 + max(SHORTEST_SOUND_KIN, math.ceil(consonants * KIN_SHARE))]
        if 0 < (found := _rows_with(connection, _sounding(beginning), COMMON_ROWS)) < COMMON_ROWS:
            yield beginning, (keys, SOUND_KIN * rarity(rows, found))


def _near(word: str, counts: Counts) -> str:
    """What words begin with that are near enough to a word of the query; empty for a short one, or one with figures."""
    if len(word) < SHORTEST_KIN or not word.isalpha() or stem(word) not in counts.of_stem:
        return ""
    return word[: math.ceil(len(word) * KIN_SHARE)]


def frequencies(connection: sqlite3.Connection, stems: Iterable[str]) -> Counts:
    """In how many rows each stem occurs."""
    rows = int(connection.execute("SELECT count(*) FROM lexical_docsize").fetchone()[0])
    file = file_of(connection)
    return Counts(rows, {root: rows_with(connection, root, rows, file) for root in dict.fromkeys(stems)})


def _rows_with(connection: sqlite3.Connection, sought: str, most: int) -> int:
    """How many rows an FTS5 query finds, counted up to `most`."""
    sql = "SELECT count(*) FROM (SELECT rowid FROM lexical WHERE lexical MATCH ? LIMIT ?)"
    return int(connection.execute(sql, (sought, most)).fetchone()[0])


def telling(counts: Counts) -> set[str]:
    """The stems worth looking for: the common ones are left out where rarer ones occur at all."""
    found = {root for root, rows in counts.of_stem.items() if rows}
    return {root for root in found if counts.of_stem[root] <= _common(counts)} or found


def _common(counts: Counts) -> float:
    """What is in more rows than this is common."""
    return max(COMMON * counts.rows, COMMON_ROWS)


def phrases(query: str) -> list[list[str]]:
    """The stems of what stands in quotation marks, where it is more than one word."""
    quoted = (roots("".join(groups)) for groups in _QUOTED.findall(query))
    return [phrase for phrase in quoted if len(phrase) > 1]


def quoted(term: str) -> str:
    """A term of an FTS5 query; it is quoted, so that nothing of the user's text is read as syntax."""
    return '"' + term.replace('"', '""') + '"'


def _written(word: str) -> str:
    """An FTS5 query for a word as it is written; some stems are words of their own (`embedding`, `embed`)."""
    return "spelt : " + quoted(word)


def _sounding(beginning: str) -> str:
    """An FTS5 query for sounds that begin like this."""
    return "sounds : " + quoted(beginning) + " *"


def _beginning(begun: str) -> str:
    """An FTS5 query for words that begin like this, as they are written."""
    return _written(begun) + " *"
