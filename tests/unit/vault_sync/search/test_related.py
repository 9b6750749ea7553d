"""What stands for a note when its neighbours are looked for."""

import sqlite3

import numpy as np

from vault_sync.search import lexical
from vault_sync.search.fusion import Fused
from vault_sync.search.lexical import LexicalRow
from vault_sync.search.related import WORDS, best_of_each_note, middle, salient, salient_stems


def _index(*texts: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    lexical.create(connection)
    lexical.insert(connection, [LexicalRow(i, "", (), text) for i, text in enumerate(texts, start=1)])
    return connection


def test_rare_and_frequent_words_stand_for_a_note() -> None:
    text = "чайник кипит, чайник поёт; the kettle is the kettle"
    connection = _index(text, "про чайник", "the day is the day", "the the is", "kettle")
    query = salient(connection, ("Сенча",), [text])
    assert query.startswith("Сенча ")
    assert query.split().index("чайник") < query.split().index("the")
    assert "кипит" not in query, "a word that no other note has finds nothing"
    connection.close()


def test_the_stems_are_those_of_the_query() -> None:
    text = "чайник кипит, чайник поёт; the kettle is the kettle"
    connection = _index(text, "про чайник", "kettle")
    stems = salient_stems(connection, ("Зелёная сенча",), [text])
    assert stems[:2] == ["зелен", "сенч"] and {"чайник", "kettl"} <= set(stems) and "кип" not in stems
    connection.close()


def test_a_long_note_is_cut_to_its_best_words() -> None:
    text = " ".join(f"слово{chr(1072 + i % 32)}{chr(1072 + i // 32)}" for i in range(200))
    connection = _index(text, text)
    assert len(salient(connection, (), [text]).split()) <= WORDS
    connection.close()


def test_the_middle_is_the_normalised_mean() -> None:
    own = np.array([[1, 0], [0, 1]], dtype=np.float32)
    assert np.allclose(middle(own), [2**-0.5, 2**-0.5])
    assert np.allclose(middle(own[:1]), [1, 0])
    assert middle(own).dtype == np.float32


def test_opposite_chunks_have_a_middle_without_a_direction() -> None:
    assert np.allclose(middle(np.array([[1, 0], [-1, 0]], dtype=np.float32)), [0, 0])


def test_each_note_keeps_its_first_hit() -> None:
    hits = [Fused(occurrence, 1.0, None, None) for occurrence in (5, 4, 3, 2)]
    assert [hit.occurrence for hit in best_of_each_note(hits, {5: 1, 4: 1, 3: 2})] == [5, 3]
