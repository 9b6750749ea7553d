"""A link that Famulus writes leads where it was meant to, in every form, whatever notes are called."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.links.linkform import FORMS, Form, Goal, heading_part, spellings
from agents.links.linkpaths import leads
from agents.links.wikilink import first_link
from vault_sync.notes.parse import parse_note
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, vault_path

VAULT = "My vault & Записи (1)"
_ODD = "abЯй #|^[]()%&?:'\"`*_$=~!<>+,;{}@ё🌲."
_PART = st.text(st.sampled_from(_ODD), min_size=1, max_size=7).filter(
    lambda part: not part.startswith(".") and part.strip() != ""
)
_NAMES = st.one_of(_PART, st.sampled_from(["Note.md", "100%25", "й".join("ab"), "a\u00a0b", "C#", "x ", " x", "a%%b"]))
_NFD = _NAMES.map(lambda name: unicodedata.normalize("NFD", name))


def _paths() -> st.SearchStrategy[list[VaultPath]]:
    path = st.lists(st.one_of(_NAMES, _NFD), min_size=1, max_size=3).filter(lambda parts: not _is_drive(parts[0]))
    return st.lists(path, min_size=1, max_size=8).map(_distinct)


def _is_drive(name: str) -> bool:
    return unicodedata.normalize("NFC", name)[1:2] == ":"


def _distinct(found: list[list[str]]) -> list[VaultPath]:
    """Names that differ in more than case and kind of space: of others no link can tell which is meant."""
    paths = (vault_path("/".join(parts) + ".md") for parts in found)
    return list({path.replace("\u00a0", " ").lower(): path for path in paths}.values())


def written(form: Form, goal: Goal, source: VaultPath, resolver: Resolver, text: str, table: bool = False) -> str:
    name = goal.path.rpartition("/")[2].removesuffix(".md")
    ways = list(spellings(form, goal, source, name=name, vault=VAULT, text=text, table=table))
    return next((way for way in ways if leads(way, goal.path, source, resolver)), ways[-1])


@given(_paths(), st.sampled_from(FORMS), st.text(st.sampled_from(_ODD), max_size=12), st.text(max_size=9), st.data())
def test_it_is_read_back_and_leads_to_the_same_note(
    paths: list[VaultPath], form: Form, heading: str, text: str, data: st.DataObject
) -> None:
    resolver = Resolver(paths, VAULT)
    source, target = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(paths))
    shown = " ".join(text.split())
    link = written(form, Goal(target, heading), source, resolver, shown)
    note = parse_note(source, f"Before.\n\nSee {link} here.\n".encode())
    assert [resolver.resolve_link(found, source) for found in note.links] == [target], link
    assert heading_part(note.links[0].heading or "") == heading_part(heading).strip("# ")
    found = first_link(f"{link} — why")
    assert found is not None and found.end == len(link) and found.parts.target == note.links[0].target


@given(_paths(), st.sampled_from(FORMS), st.from_regex(r"[A-Za-z0-9-]{1,8}", fullmatch=True), st.data())
def test_a_block_is_read_back(paths: list[VaultPath], form: Form, block: str, data: st.DataObject) -> None:
    resolver = Resolver(paths, VAULT)
    source, target = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(paths))
    link = written(form, Goal(target, block=block), source, resolver, "")
    note = parse_note(source, f"[^1]: {link}\n".encode())
    assert [(resolver.resolve_link(x, source), x.block) for x in note.links] == [(target, block)]


@given(_paths(), st.data())
def test_a_link_stays_in_its_cell(paths: list[VaultPath], data: st.DataObject) -> None:
    resolver = Resolver(paths, VAULT)
    source, target = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(paths))
    link = written("wikilink", Goal(target), source, resolver, "shown so", table=True)
    note = parse_note(source, f"| a | b |\n| --- | --- |\n| {link} | c |\n".encode())
    assert [resolver.resolve_link(found, source) for found in note.links] == [target]
    assert "|" not in link.replace("\\|", "")


@pytest.mark.parametrize("form", FORMS)
def test_a_link_of_another_vault_leads_nowhere(form: Form) -> None:
    path = VaultPath("Folder/Note.md")
    link = next(spellings(form, Goal(path), path, name="Note", vault="Another"))
    there = parse_note(path, link.encode()).links[0]
    assert Resolver([path], VAULT).resolve_link(there, path) == (None if form == "obsidian-url" else path)
