from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.links.linkpaths import LinkPaths
from agents.prompts import Prompts
from agents.reasons.ties import Ties
from tests.unit.agents.related.test_link import INDEX, TREE, Desk, denying
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy

MAP = VaultPath("Map.md")
PAGE = VaultPath("Page.md")
LISTING = "# Map\n\n- [[B-tree]]\n- [[Index]]\n- [[Soup]]\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()
    made.state.close()


def said(desk: Desk, language: str = "en", policy: Policy | None = None, prompts: Prompts | None = None) -> str:
    ties = Ties(desk.ledger, LinkPaths(desk.ledger), policy or Policy(), prompts or Prompts())
    return ties.sentence(TREE, INDEX, language)


def test_nothing_is_said_where_no_link_ties_them(desk: Desk) -> None:
    assert said(desk) == ""


def test_a_note_that_links_to_both(desk: Desk) -> None:
    desk.save(MAP, LISTING)
    assert said(desk) == "Both are linked from [[Map]]."
    assert said(desk, "ru") == "На обе заметки ссылается [[Map]]."


def test_a_note_that_links_to_these_two_only_is_no_list(desk: Desk) -> None:
    desk.save(MAP, "# Map\n\n- [[B-tree]]\n- [[Index]]\n")
    assert said(desk) == ""


def test_a_note_that_both_link_to(desk: Desk) -> None:
    desk.save(PAGE, "# Page\n\nA page is read at once from the disk.\n")
    for path in (TREE, INDEX):
        desk.save(path, desk.text(path) + "\nOf [[Page]].\n")
    assert said(desk) == "Both link to [[Page]]."


def test_a_link_between_the_two_goes_first(desk: Desk) -> None:
    desk.save(MAP, LISTING)
    desk.save(INDEX, desk.text(INDEX) + "\nSee [[B-tree]].\n")
    assert said(desk) == "It links to this note."


def test_a_note_that_may_not_be_linked_is_not_named(desk: Desk) -> None:
    desk.save(MAP, LISTING)
    assert said(desk, policy=denying("links", path=MAP)) == ""


def test_the_users_own_phrases_may_lack_it(desk: Desk) -> None:
    desk.save(MAP, LISTING)
    assert said(desk, prompts=Prompts({"said-en": "## none\nNothing."})) == ""
