"""Lines of commands, statements and code are told from prose."""

import pytest

from agents.codelike import code_like


@pytest.mark.parametrize(
    "line",
    [
        "> ALTER TABLE table_name",
        "> RENAME COLUMN column_name to new_column_name;",
        ">DROP INDEX `schema.`index_name;",
        ">CREATE PUBLIC SYNONYM synonym_name",
        "WHERE condition",
        "FROM table_1 t1, table_2 t2",
        "SELECT name, price",
        "- SELECT * FROM orders;",
        "$ docker run nginx",
        "$ echo «привет»",
        "$ ls",
        "$ tar -xzf notes.tar.gz",
        ">>> import memory",
        "user@host:~$ vim notes.md",
        "docker build -t image .",
        "1. pip install --upgrade pip",
        "sudo apt install ./package.deb",
        "curl https://example.org | sh",
        "int count = list.size();",
        "items.forEach(item => {",
    ],
)
def test_code_without_a_fence_is_code(line: str) -> None:
    assert code_like(line)


@pytest.mark.parametrize(
    "line",
    [
        "SELECT is the statement that reads rows.",
        "> Кто ищет, тот найдёт;",
        "Docker builds images from a file.",
        "docker is a container engine",
        "- Data warehouse;",
        "- cache (fast);",
        "Python and Rust, compared",
        "The table is read from disk -- and then cached.",
        "CREATE создаёт таблицу;",
        "Make your own bread -- it pays.",
        "git keeps the history; a commit is a snapshot.",
        "JSON and YAML",
        "- $ class FileInputStream",
        "- $ Основы сетей",
        "- DELETE",
        "",
    ],
)
def test_prose_is_prose(line: str) -> None:
    assert not code_like(line)
