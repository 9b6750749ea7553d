from pathlib import Path

import pytest

from agents.prompts import FOLDER, PromptError, Prompts

SPOKEN = ("none", "greeting", "quoted", "fallback", "source", "line", "lines", "omitted-one", "omitted-many", "empty")


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.md").write_text(text, "utf-8")
    return tmp_path


def test_placeholders_are_filled_once_and_braces_in_values_stay(tmp_path: Path) -> None:
    prompts = Prompts(folder=folder(tmp_path, ask="---\ntask: ask\n---\nAnswer {question} now."))
    assert prompts.render("ask", question="{question}?") == "Answer {question}? now."


def test_an_unknown_placeholder_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    prompts = Prompts(folder=folder(tmp_path, ask="{wrong}"))
    with pytest.raises(PromptError) as caught:
        prompts.render("ask", question="x")
    assert "{wrong}" in caught.value.cause
    assert "{question}" in caught.value.fix


def test_overrides_are_replaced_as_a_whole(tmp_path: Path) -> None:
    prompts = Prompts({"ask": "Mine.", "own": "Only here."}, folder(tmp_path, ask="Ours."))
    assert prompts.render("ask") == "Mine." and "own" in prompts.names
    prompts.override({})
    assert prompts.render("ask") == "Ours." and "own" not in prompts.names


def test_a_prompt_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no prompt 'ask'"):
        Prompts(folder=tmp_path).render("ask")


def test_broken_frontmatter_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="can not be read"):
        Prompts({"ask": "---\na: [\n---\nx"}, tmp_path).render("ask")


def test_the_vault_wins_over_the_folder(tmp_path: Path) -> None:
    prompts = Prompts({"ask": "---\ntask: ask\n---\nMine."}, folder(tmp_path, ask="Yours."))
    assert prompts.render("ask") == "Mine."


def test_a_language_without_phrases_is_spoken_to_in_english() -> None:
    prompts = Prompts()
    assert prompts.phrase("xx", "none") == prompts.phrase("en", "none")


def test_a_phrase_that_was_deleted_is_an_error() -> None:
    with pytest.raises(PromptError, match="said-en"):
        Prompts({"said-en": "## other\nx"}).phrase("en", "none")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("key", SPOKEN)
def test_every_phrase_exists_in_both_languages(language: str, key: str) -> None:
    values = {"model": "m", "note": "n", "lines": "l", "start": "1", "end": "2", "count": "3"}
    assert Prompts().phrase(language, key, **values)


def test_every_prompt_says_what_it_is_for() -> None:
    for file in FOLDER.glob("*.md"):
        assert file.read_text("utf-8").startswith("---\ntask: "), file.name
        assert "\ndescription: " in file.read_text("utf-8"), file.name
