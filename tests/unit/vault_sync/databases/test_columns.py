import sqlite3
from contextlib import closing

from vault_sync.databases.columns import columns


def test_columns_come_in_the_same_order_of_rows() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a INTEGER, b INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(7, -1), (2**62, 2), (1, 3)])
        a, b = columns(connection, ("a", "b"), "t WHERE b > ?", [-5])
        assert dict(zip(a.tolist(), b.tolist(), strict=True)) == {7: -1, 2**62: 2, 1: 3}
        assert [len(column) for column in columns(connection, ("a", "b"), "t WHERE b > 9")] == [0, 0]
