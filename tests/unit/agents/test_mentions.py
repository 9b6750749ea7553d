"""What becomes a link and what does not, in sentences."""

import pytest

from agents.mentions import Entry, Mention, Names, find_mentions
from vault_sync.note import Note
from vault_sync.parse import parse_note
from vault_sync.paths import vault_path

TITLES = (
    *("Квантование", "Гибридный поиск", "Сталь", "Скорость света", "Ежедневные заметки", "Нейронная сеть", "Ёлка"),
    *("Docker", "C", "C++", "C#", ".NET", "Node.js", "Rust", "Machine learning", "Data warehouse", "ETL", "KV cache"),
    *("Apache Airflow", "System of record", "Home", "Reduced instruction set computer"),
)
NAMES = Names.build(Entry(vault_path(f"{title}.md"), title) for title in TITLES)


def note_of(text: str, path: str = "Here.md") -> Note:
    return parse_note(vault_path(path), text.encode())


def found(text: str, names: Names = NAMES, **how: object) -> list[Mention]:
    return find_mentions(note_of(text), names, **how)  # type: ignore[arg-type]


def links(text: str, names: Names = NAMES, **how: object) -> list[str]:
    return [mention.link for mention in found(text, names, **how)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Вернёмся к квантованию.", ["[[Квантование|квантованию]]"]),
        ("Квантование важно.", ["[[Квантование]]"]),
        ("Нет ничего лучше гибридного поиска.", ["[[Гибридный поиск|гибридного поиска]]"]),
        ("О скорости света писали.", ["[[Скорость света|скорости света]]"]),
        ("Пишу в ежедневной заметке.", ["[[Ежедневные заметки|ежедневной заметке]]"]),
        ("Учим нейронными сетями.", ["[[Нейронная сеть|нейронными сетями]]"]),
        ("Под елкой.", ["[[Ёлка|елкой]]"]),
        ("Собрано docker'ом.", ["[[Docker|docker'ом]]"]),
        ("Two data warehouses.", ["[[Data warehouse|data warehouses]]"]),
        ("A machine-learning model.", ["[[Machine learning|machine-learning]]"]),
        ("All systems of record.", ["[[System of record|systems of record]]"]),
        ("Written in C++ and C#.", ["[[C++]]", "[C\\#](C%23.md)"]),
        ("The .NET runtime, and Node.js.", ["[[.NET]]", "[[Node.js]]"]),
        ("| KV caches |\n|--|\n| a |", ["[[KV cache\\|KV caches]]"]),
        ("RISC is a family.", ["[[Reduced instruction set computer|RISC]]"]),
    ],
)
def test_a_name_becomes_a_link_in_its_form(text: str, expected: list[str]) -> None:
    assert links(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Люди стали лучше.",
        "Этот гибридный поиска.",
        "A rust never sleeps.",
        "My c and its d; a plan B, and C as well.",
        "The etl of old.",
        "Go home.",
        "It is partitioned.",
        "non-Docker, Docker-compose, docker_image, foo.Docker, docker.io, /usr/docker/x, C:\\Docker",
        "`Docker` and ``` Docker ```",
        "    Docker",
        "$Docker$ and $$Docker$$",
        "%% Docker %% and <!-- Docker -->",
        "<b title='Docker'></b><a href='x'>Docker</a><code>Docker</code>",
        "[Docker](https://docker.com) and [[Other|Docker]] and ![[Docker.png]]",
        "[Docker] and [^Docker] and > [!Docker]",
        "[Docker]: https://docker.com",
        "https://example.org/Docker and www.docker.com and docker@example.org",
        "#Docker and #tag/Docker",
        "Text. ^Docker",
        "# Docker",
        "Docker\n======",
        "> ## Docker",
        "Docker:: value",
        "---\ntitle: Docker\n---\n",
        "<% Docker %> {{Docker}}",
        "%% famulus:related %%\n- Docker\n%% /famulus:related %%",
    ],
)
def test_what_is_no_mention_stays(text: str) -> None:
    assert links(text) == []


def test_the_longest_name_wins() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("Machine learning", "Machine learning model"))
    assert links("A machine learning model.", names) == ["[[Machine learning model|machine learning model]]"]


def test_a_note_is_not_linked_to_itself_and_its_name_is_not_cut_up() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("Machine learning", "Here", "Machine learning model"))
    assert find_mentions(note_of("A machine learning model.", "Machine learning model.md"), names) == []


def test_the_first_in_a_section_counts() -> None:
    text = "Docker, Docker.\n\n## Two\n\nDocker.\n\n## Three\n\nDocker and [[Docker]].\n"
    assert [m.span.start for m in found(text)] == [0, text.index("Docker.\n\n## Three")]
    assert links(text, once="note") == []


def test_headings_count_where_that_is_set() -> None:
    assert links("## The Docker engine\n", headings=True) == ["[[Docker]]"]


def test_a_name_of_two_notes_is_left_alone() -> None:
    names = Names.build([Entry(vault_path("A/Docker.md"), "Docker"), Entry(vault_path("B/Docker.md"), "Docker")])
    assert links("Use Docker.", names) == []


def test_what_the_line_says_of_its_path_decides_which_note_is_meant() -> None:
    paths = ("Меркурий (планета).md", "Меркурий (бог).md", "Linux/Ядро.md", "Физика/Ядро.md")
    names = Names.build(Entry(vault_path(p), p.rpartition("/")[2].removesuffix(".md")) for p in paths)
    assert links("Аппарат миновал Меркурия, ближайшую планету.", names) == ["[[Меркурий (планета)|Меркурия]]"]
    assert links("В Linux упало ядро.", names) == ["[[Linux/Ядро|ядро]]"]
    assert links("Меркурия видели.", names) == []


def test_a_heading_is_named_by_its_note() -> None:
    names = Names.build([Entry(vault_path("Docker.md"), "Docker", headings=("Multi-stage builds",))])
    mention = found("We use multi-stage builds here.", names)[0]
    assert (mention.link, mention.heading) == (
        "[[Docker#Multi-stage builds|multi-stage builds]]",
        "Multi-stage builds",
    )


def test_what_the_vault_links_elsewhere_is_a_name() -> None:
    entry = Entry(vault_path("Quantization.md"), "Quantization", anchors=("lower precision", "lower precision"))
    assert links("With lower precision.", Names.build([entry])) == ["[[Quantization|lower precision]]"]


def test_an_everyday_word_becomes_a_link_where_the_vault_links_it() -> None:
    entry = Entry(vault_path("Network.md"), "Network", anchors=("network",) * 8)
    assert links("On the network.", Names.build([entry])) == ["[[Network|network]]"]
    assert links("On the network.", Names.build([Entry(vault_path("Network.md"), "Network")])) == []


@pytest.mark.parametrize(
    "text",
    ["You can display the text.", "**Docker:** see below", "> [!info] Docker", "SELECT ETL FROM x", "DELETE ETL ROWS"],
)
def test_verbs_labels_and_statements_are_left_alone(text: str) -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("Display", "Docker", "ETL"))
    assert links(text, names) == []


def test_a_quantity_is_no_set() -> None:
    names = Names.build([Entry(vault_path("Множество.md"), "Множество")])
    assert links("Множество ошибок портит всё.", names) == []
    assert links("Это свойство пустого множества с мерой.", names) == ["[[Множество|множества]]"]
