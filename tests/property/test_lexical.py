"""What holds of the lexical lane for any text."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from vault_sync.search import lexical
from vault_sync.search.lexical import LexicalRow
from vault_sync.search.terms import tokens

_SYNTAX = st.text(alphabet='"*^(){}:+-\\ANDORNEAaяё\0\ud800😀«» ', max_size=40)
_ANY = st.text(max_size=60)


def _index(*texts: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    lexical.create(connection)
    lexical.insert(connection, [LexicalRow(i, "", (), text) for i, text in enumerate(texts, start=1)])
    return connection


@given(st.one_of(_ANY, _SYNTAX), st.integers(-1, 20))
def test_any_text_is_a_query(query: str, k: int) -> None:
    connection = _index("and or not near a я", query)
    match = lexical.match(connection, query, k)
    assert len(match.hits) <= max(k, 0)
    assert all(0 < score <= match.most * (1 + 1e-9) for _, score in match.hits)
    assert 0 <= match.named <= 1 + 1e-9
    connection.close()


@given(st.one_of(_ANY, _SYNTAX))
def test_every_text_that_has_words_finds_itself(text: str) -> None:
    connection = _index(text)
    found = [occurrence for occurrence, _ in lexical.search(connection, text, 5)]
    assert found == ([1] if tokens(text) else [])
    connection.close()


@given(st.lists(st.sampled_from(["ёлка стоит", "tea garden", "чай и tea", "ёлка и чай"]), max_size=8), st.data())
def test_a_narrowed_search_is_the_search_narrowed(texts: list[str], data: st.DataObject) -> None:
    connection = _index(*texts)
    allowed = data.draw(st.sets(st.integers(1, 10)))
    query = data.draw(st.sampled_from(["чай", "елка tea", "garden"]))
    everything = [i for i, _ in lexical.search(connection, query, 50)]
    narrowed = {i for i, _ in lexical.search(connection, query, 50, allowed)}
    assert narrowed == {i for i in everything if i in allowed}
    connection.close()
