import unicodedata

import pytest

from vault_sync.notes.note import Link, Span
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, vault_path

PATHS = [
    "README.md",
    "Notes/README.md",
    "Notes/Deep/Topic.md",
    "Other/Topic.md",
    "Other/Sub/Topic.md",
    "Other/Sub/Near.md",
    "Images/Схема.png",
    "Заметки/Ёлка.md",
    "v1.2.md",
    "A/Case.md",
    "A/case.md",
    "pic.png.md",
    "pic.png",
    "Notes/C# & 100%.md",
    "Notes/Two Words.md",
]


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver([vault_path(path) for path in PATHS])


@pytest.mark.parametrize(
    ("target", "source", "expected"),
    [
        ("", "Notes/README.md", "Notes/README.md"),
        ("Topic", "README.md", "Other/Topic.md"),
        ("Topic", "Notes/Deep/x.md", "Notes/Deep/Topic.md"),
        ("Topic", "Notes/x.md", "Notes/Deep/Topic.md"),
        ("Topic", "Other/Sub/x.md", "Other/Sub/Topic.md"),
        ("Sub/Topic", "README.md", "Other/Sub/Topic.md"),
        ("ub/Topic", "README.md", None),
        ("Other/Topic.md", "Notes/Deep/x.md", "Other/Topic.md"),
        ("README", "Notes/x.md", "README.md"),
        ("./README", "Notes/x.md", "Notes/README.md"),
        ("../README", "Notes/x.md", "README.md"),
        ("../../README", "Notes/x.md", None),
        ("../Notes/./Deep/../README.md", "Other/x.md", "Notes/README.md"),
        ("/Topic", "Other/x.md", None),
        ("/Other/Topic", "README.md", "Other/Topic.md"),
        ("tOPIC", "README.md", "Other/Topic.md"),
        ("ёлка", "README.md", "Заметки/Ёлка.md"),
        (unicodedata.normalize("NFD", "Ёлка"), "README.md", "Заметки/Ёлка.md"),
        ("схема.PNG", "README.md", "Images/Схема.png"),
        ("Схема", "README.md", None),
        ("v1.2", "README.md", "v1.2.md"),
        ("case", "README.md", "A/case.md"),
        ("Case", "README.md", "A/Case.md"),
        ("A/Case", "README.md", "A/Case.md"),
        ("pic.png", "README.md", "pic.png"),
        ("pic.png.md", "README.md", "pic.png.md"),
        ("C# & 100%", "README.md", "Notes/C# & 100%.md"),
        ("Two\u00a0Words ", "README.md", "Notes/Two Words.md"),
        ("Other\\Topic", "README.md", "Other/Topic.md"),
        ("No such note", "README.md", None),
        ("Notes", "README.md", None),
        (".", "Notes/x.md", None),
        ("..", "Notes/x.md", None),
        ("/", "README.md", None),
        ("\0", "README.md", None),
    ],
)
def test_resolves_as_obsidian_does(resolver: Resolver, target: str, source: str, expected: str | None) -> None:
    assert resolver.resolve(target, VaultPath(source)) == expected


def test_resolves_a_link_by_its_target(resolver: Resolver) -> None:
    link = Link("wikilink", "Near", "Part", None, None, Span(0, 13), 1, "[[Near#Part]]")
    assert resolver.resolve_link(link, VaultPath("README.md")) == "Other/Sub/Near.md"


def test_one_name_in_many_folders_costs_one_look_a_folder() -> None:
    paths = [vault_path(f"folder {index}/README.md") for index in range(20_000)]
    resolver = Resolver(paths)
    for path in paths:
        assert resolver.resolve("README", path) == path
    assert resolver.resolve("README", vault_path("x.md")) == "folder 0/README.md"


def test_a_url_of_obsidian_leads_into_the_vault_that_it_names() -> None:
    path = VaultPath("Мысли/C d.md")
    resolver = Resolver([path], "My vault")
    assert resolver.resolve("obsidian://My vault/Мысли/C d", VaultPath("a.md")) == path
    assert resolver.resolve("obsidian://My vault/C d", VaultPath("a.md")) is None
    assert resolver.resolve("obsidian://Other/Мысли/C d", VaultPath("a.md")) is None
    assert resolver.resolve("obsidian://My vault/", VaultPath("a.md")) is None
    assert Resolver([path]).resolve("obsidian://My vault/Мысли/C d", VaultPath("a.md")) is None
