"""What becomes a link and what does not, in sentences."""

import pytest

from agents.mention.mentions import SURE, Entry, Mention, Names, find_mentions
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
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
        ("A Docker-based and Node.js-like system.", ["[[Docker]]", "[[Node.js]]"]),
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
        "a (Docker:: x) and [Docker:: y] and (Docker state:: z)",
        "a :Docker: and &Docker; and run --Docker",
        "[ref]: Docker\r\n[other]: Docker 'Docker'\r\n",
        "<details><summary>Docker</summary>Docker</details>",
        "\\(Docker\\) and \\[Docker\\]",
        "term\n\n~~~\nDocker\n~~~\n\n- item\n\n      Docker",
        'Docker("build") and Docker(x)',
        "in _~/.docker_ there",
        "| a | Docker |\n|---|---|\n| b | c |",
        "| a |\n|:-:|\n| `Docker` |",
        "> [!Docker]- Docker\n> text",
        "![[Docker]]\n![[Docker#Docker]]",
        "Ask the Docker of Things.",
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


def test_a_bracket_is_not_cut_off() -> None:
    names = Names.build([Entry(vault_path("DBMS.md"), "DBMS", ("Database management system (DBMS)",))])
    text = "A column-oriented database management system (DBMS) for queries."
    assert links(text, names) == ["[[DBMS|database management system (DBMS)]]"]
    assert links("A database management system (DBMS or so).", names) != ["[[DBMS|database management system (DBMS]]"]


def test_what_was_linked_a_moment_ago_is_proposed_and_not_sure() -> None:
    near, far = (f"[[Docker]].\n\n## Next\n\n{'x ' * n}Docker.\n" for n in (5, 300))
    assert [m.score < SURE for m in found(near)] == [True]
    assert [m.score >= SURE for m in found(far)] == [True]


def test_a_set_phrase_and_a_statement_mean_no_note() -> None:
    names = Names.build([Entry(vault_path(f"{title}.md"), title) for title in ("Очередь", "Alter", "Docker")])
    assert not links("Система в свою очередь ждёт.\n\n> ALTER TABLE docker ADD COLUMN x;\n\n$ docker run", names)


def test_several_words_within_a_longer_name_are_not_sure() -> None:
    assert [m.score < SURE for m in found("We use the KV Cache Manager here.")] == [True]
    assert [m.score >= SURE for m in found("We use the KV cache here.")] == [True]


def test_an_everyday_word_is_a_mention_as_an_item_between_linked_ones() -> None:
    assert links("- [[Docker]]\n- Home\n") == ["[[Home]]"]
    assert links("- Docker first\n- Home\n") == ["[[Docker]]"]


def test_a_word_of_what_the_note_itself_calls_by_more_words_is_none() -> None:
    assert links("## Docker layer\n\nThe docker layer is thin.\n") == []
    assert links("## Layers\n\nThe docker layer is thin.\n") == ["[[Docker|docker]]"]


def test_a_note_does_not_mention_another_one_by_its_own_name() -> None:
    names = Names.build([Entry(vault_path("A/Docker.md"), "Docker"), Entry(vault_path("Docker.md"), "Docker")])
    own = note_of("Docker ships programs, and Rust is fast.", "A/Docker.md")
    assert find_mentions(own, names) == []


def test_a_part_of_what_initials_in_the_notes_own_name_stand_for_is_none() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("Kangaroo", "Relational database"))
    text = "A kangaroo over internet protocol, in a relational database service."
    assert [m.text for m in find_mentions(note_of(text), names)] == ["kangaroo", "relational database"]
    assert [m.text for m in find_mentions(note_of(text, "KoIP server.md"), names)] == ["relational database"]
    assert [m.text for m in find_mentions(note_of(text, "Amazon RDS.md"), names)] == ["kangaroo"]


def test_a_drawing_has_none() -> None:
    assert links("---\nexcalidraw-plugin: parsed\n---\nWe use Docker.\n") == []
    assert links("---\nplugin: excalidraw\n---\nWe use Docker.\n") == ["[[Docker]]"]


def test_an_everyday_plural_is_a_page_that_only_notes_beside_it_mean() -> None:
    titles = ("Pages/Learning resources.md", "Pages/Guides.md")
    names = Names.build(Entry(vault_path(t), t[6:-3], (), (), (t[6:-3],)) for t in titles)
    text = "There are few learning resources, unlike other guides."
    beside = {m.target: m.score for m in find_mentions(note_of(text, "Pages/Start.md"), names, least=0.0)}
    elsewhere = {m.target: m.score for m in find_mentions(note_of(text, "Tools/Prefect.md"), names, least=0.0)}
    assert all(elsewhere[vault_path(t)] < beside[vault_path(t)] - 0.1 for t in titles)


def test_one_of_what_a_note_is_called_by_in_the_plural_is_less_sure() -> None:
    names = Names.build([Entry(vault_path("Weaving.md"), "Weaving", ("looms", "valve"))])
    (one,), (several,) = found("A loom.", names), found("All valves.", names)
    assert one.score < SURE <= several.score


def test_a_word_in_the_middle_of_a_longer_name_is_none_but_an_article_makes_no_name() -> None:
    assert links("Ask about Super Docker Server.") == []
    assert links("## The Docker engine\n", headings=True) == ["[[Docker]]"]


def test_what_the_frontmatter_links_is_linked_in_the_text_too() -> None:
    assert links('---\ntool: "[[Docker]]"\n---\nWe use Docker.\n') == ["[[Docker]]"]


def test_the_signs_that_a_title_begins_with_belong_to_the_link() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("🌱 Garden plan", "$- Сокет", "- Dash list"))
    assert links("The 🌱 Garden plan is late, the garden plan is not.", names) == ["[[🌱 Garden plan]]"]
    assert links("- $- Сокет\n- Dash list\n", names) == ["[[$- Сокет]]", "[[- Dash list|Dash list]]"]


def test_an_item_in_a_line_of_linked_ones_is_a_mention() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("Network", "Disk", "Video"))
    assert links("It has a [[Disk]], network and [[Video|video]].", names) == ["[[Network|network]]"]
    assert links("It has a disk, network and video.", names) == ["[[Disk|disk]]"]


def test_a_definition_links_what_its_note_is() -> None:
    names = Names.build([Entry(vault_path("Software.md"), "Software")])
    definition = note_of("**Firmware** is software in the chips.", "Firmware.md")
    assert [m.text for m in find_mentions(definition, names)] == ["software"]
    assert links("We bought software for the chips.", names) == []


def test_capitals_of_an_acronym_stay_and_the_words_behind_it_may_be_small() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("CPU Cache", "Power BI", "Quantization"))
    assert links("A larger CPU cache hid it, for QUANTIZATION that power BI.", names) == [
        "[[CPU Cache|CPU cache]]",
        "[[Quantization|QUANTIZATION]]",
    ]


def test_a_phrase_of_everyday_words_is_not_sure_and_a_noun_before_it_is_no_verb() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("Learning resources", "Quantization", "Display"))
    assert [m.score < SURE for m in found("There are fewer learning resources.", names)] == [True]
    assert links("After quantization it answers at once.", names) == ["[[Quantization|quantization]]"]
    assert links("Adware displays unwanted windows.", names) == []


def test_what_a_noun_does_is_a_verb_also_before_an_article() -> None:
    names = Names.build([Entry(vault_path("Display.md"), "Display", (), (), ("Display",) * 9)])
    assert links("Two displays are broken.", names) == ["[[Display|displays]]"]
    assert links("The tool displays a window.", names) == []


def test_a_page_of_a_repository_has_no_mentions() -> None:
    assert find_mentions(note_of("We use Docker.", "README.md"), NAMES) == []
    assert find_mentions(note_of("We use Docker.", "Readme first.md"), NAMES) != []


def test_beside_a_shouted_word_an_acronym_is_a_word() -> None:
    names = Names.build(Entry(vault_path(f"{t}.md"), t) for t in ("OPTIONS", "ETL"))
    assert links("Look in the MORE OPTIONS menu.", names) == []
    assert links("The OPTIONS request, and ETL.", names) == ["[[OPTIONS]]", "[[ETL]]"]


def test_links_to_a_word_say_nothing_of_one_that_only_shares_its_root() -> None:
    entry = Entry(vault_path("Computer.md"), "Computer", anchors=("computer",) * 30)
    assert links("It helps in computing.", Names.build([entry])) == []
    assert links("It helps a computer.", Names.build([entry])) == ["[[Computer|computer]]"]


def test_a_text_of_words_that_name_nothing_is_no_name() -> None:
    names = Names.build([Entry(vault_path("Data lake.md"), "Data lake", anchors=("other sources", "the lake of data"))])
    assert links("It comes from other sources.", names) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is a computer compiler.", ["[[Compiler|compiler]]"]),
        ("It is a computer [[Compiler|compiler]].", []),
        ("A computer, compiler.", ["[[Computer|computer]]", "[[Compiler|compiler]]"]),
        ("A Docker compiler.", ["[[Docker]]", "[[Compiler|compiler]]"]),
        ("A computer with it.", ["[[Computer|computer]]"]),
    ],
)
def test_of_two_common_nouns_side_by_side_the_second_is_linked(text: str, expected: list[str]) -> None:
    names = Names.build(Entry(vault_path(f"{title}.md"), title) for title in ("Computer", "Compiler", "Docker"))
    assert links(text, names) == expected


def test_a_word_that_is_as_often_no_name_loses_less_in_small_letters() -> None:
    names = Names.build([Entry(vault_path("Киль.md"), "Киль"), Entry(vault_path("Мурманск.md"), "Мурманск")])
    keel, town = (found(text, names, least=0)[0] for text in ("Сняли киль.", "Едем в мурманск."))
    assert keel.score > 0.6 > town.score
