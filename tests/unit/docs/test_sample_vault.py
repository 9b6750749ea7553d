"""The sample vault shows what it promises, and the sample questions can be answered from it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents.sections.section_prompt import asks_for_section, read_section_prompt
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, title_of, vault_path, within
from vault_sync.text import language_of

ROOT = Path(__file__).parents[3]
VAULT = ROOT / "docs" / "sample-vault"
PATHS = sorted(vault_path(file.relative_to(VAULT).as_posix()) for file in VAULT.rglob("*.md"))
NOTES: dict[VaultPath, Note] = {path: parse_note(path, (VAULT / path).read_bytes()) for path in PATHS}
QUESTIONS: list[dict[str, Any]] = json.loads(
    (ROOT / "tests" / "cases" / "sample_questions.json").read_text(encoding="utf-8")
)
NOT_WRITTEN_YET = {"Книга о внимании", "Книга о почве", "Solar charger"}


def test_size_and_languages() -> None:
    assert 35 <= len(NOTES) <= 50
    languages = Counter(language_of(note.text) for note in NOTES.values())
    assert min(languages["ru"], languages["en"]) >= 0.4 * len(NOTES)


def test_all_links_lead_to_notes_but_those_that_are_not_written_yet() -> None:
    resolver = Resolver(PATHS)
    missing = {
        link.target for note in NOTES.values() for link in note.links if resolver.resolve_link(link, note.path) is None
    }
    assert missing == NOT_WRITTEN_YET


def test_headings_and_blocks_that_links_name_are_there() -> None:
    resolver = Resolver(PATHS)
    for note in NOTES.values():
        for link in note.links:
            target = NOTES.get(resolver.resolve_link(link, note.path) or VaultPath(""))
            if target is None:
                continue
            headings = {_plain(heading.text) for heading in target.headings}
            assert link.heading is None or _plain(link.heading) in headings, (note.path, link.raw)
            blocks = {block.id for block in target.blocks}
            assert link.block is None or link.block in blocks, (note.path, link.raw)


def _plain(heading: str) -> str:
    return " ".join(heading.replace("#", " ").split())


def test_every_kind_of_thing_is_there() -> None:
    links = [link for note in NOTES.values() for link in note.links]
    assert {link.kind for link in links} == {"wikilink", "mdlink", "embed", "frontmatter"}
    assert any(link.alias for link in links)
    assert any(link.heading for link in links)
    assert any(link.block for link in links)
    regions = {region.kind for note in NOTES.values() for region in note.regions}
    assert {"code", "inline_code", "math", "comment", "frontmatter"} <= regions
    assert any(note.callouts for note in NOTES.values())
    assert any("#" in heading.text for note in NOTES.values() for heading in note.headings)
    assert all(note.frontmatter_error is None for note in NOTES.values())


def test_names_that_are_hard() -> None:
    titles = Counter(title_of(path) for path in PATHS)
    assert [title for title, count in titles.items() if count > 1] == ["Ideas"]
    assert any("🌱" in title for title in titles)


def test_many_notes_leave_links_to_be_proposed() -> None:
    bare = [note for note in NOTES.values() if not note.links]
    languages = Counter(language_of(note.text) for note in bare)
    assert languages["ru"] >= 8
    assert languages["en"] >= 8


def test_one_digest_note() -> None:
    digests = [note for note in NOTES.values() if "famulus-digest" in note.frontmatter]
    assert [note.title for note in digests] == ["Weekly digest"]
    assert digests[0].text[digests[0].body_start :].strip()


def test_one_prompt_for_a_section_in_each_language() -> None:
    prompts = [read_section_prompt(note) for note in NOTES.values() if asks_for_section(note)]
    assert all(within(prompt.path, "Famulus/Sections") for prompt in prompts)
    assert {language_of(prompt.prompt) for prompt in prompts} == {"en", "ru"}
    for prompt in prompts:
        covered = [note for note in NOTES.values() if prompt.covers(note.path, note.tags)]
        assert {language_of(note.text) for note in covered} == {"en", "ru"}
        assert all(prompt.heading(language) for language in ("en", "ru")) and prompt.when == "save"


@pytest.mark.parametrize("case", QUESTIONS, ids=lambda case: str(case["question"]))
def test_sample_questions_fit_the_vault(case: dict[str, Any]) -> None:
    assert language_of(case["question"]) == case["language"]
    if not case["answerable"]:
        assert case["path"] is None
        return
    note = NOTES[case["path"]]
    assert case["must_contain"]
    assert all(piece in note.text for piece in case["must_contain"])
    assert case["cross_language"] == (language_of(note.text) != case["language"])


def test_sample_questions_are_of_all_sorts() -> None:
    sorts = Counter((case["language"], case["answerable"]) for case in QUESTIONS)
    assert sorts == {("en", True): 7, ("ru", True): 6, ("en", False): 3, ("ru", False): 2}
    assert sum(case["cross_language"] for case in QUESTIONS) >= 3
