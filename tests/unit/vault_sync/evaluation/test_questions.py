"""Questions that a vault asks of itself, drawn from one that was really indexed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.evaluation.questions import A_NOTE, KINDS, Questions
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy, Rule
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

NOTES = {
    "Kettle.md": "---\naliases: [boiler]\ndescription: A vessel in which water is made hot.\n---\n"
    "# Kettle\n\nIt whistles loudly.\n\n## Removing lime scale\n\nVinegar helps.\n",
    "Чай.md": "# Чай\n\nЧай заваривают водой, её кипятит [[Kettle|большой]] на плите, и чай готов.\n",
    "Stove.md": "A stove has four plates and a [[Kettle]]; a kettle boils on it every morning.\n\n"
    "%% [[Чай]] is not for others %%\n\n%% famulus:related %%\nMore words on [[Чай]] than are needed.\n%% /famulus:related %%\n",
    "Index.md": "---\nup: '[[Stove]]'\n---\n- [[Kettle]]\n\nSee [[Index]] and [[Nowhere]] for all of the rest.\n\n![[Stove]]\n",
    "Two.md": "One sentence that leads to [[Kettle]] by name.\n\nAnother sentence that leads to [[Kettle]] by name.\n",
    "Diary.md": "Today I have bought a very fine [[Kettle]] in town.\n\n## Removing lime scale\n\nDone.\n",
    "Empty.md": "",
}


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    folder = tmp_path_factory.mktemp("questions")
    (folder / "v").mkdir()
    for name, text in NOTES.items():
        (folder / "v" / name).write_text(text, encoding="utf-8")
    ledger = Ledger(folder / "index.db")
    made = Indexer(Vault(folder / "v"), ledger, MemoryStore(), WordEmbedder(), Policy())
    made.prepare()
    made.scan()
    yield made
    ledger.close()


Ask = Callable[..., Questions]


@pytest.fixture
def ask(indexer: Indexer) -> Ask:
    def questions(*deny: str, seed: int = 0) -> Questions:
        policy = Policy(rules=tuple(Rule((each,), ("search",)) for each in deny))
        return Questions(indexer.ledger, policy, lambda path: indexer.vault.read(path)[0], seed)

    return questions


def test_links_that_the_user_wrote_are_hidden(ask: Ask) -> None:
    questions = ask()
    drawn = {question.source: question for question in questions.draw("link", 100)}
    assert set(drawn) == {"Чай.md", "Stove.md", "Two.md", "Diary.md"}
    assert {question.target for question in drawn.values()} == {"Kettle.md"}
    tea = drawn[VaultPath("Чай.md")]
    assert tea.text == "Чай заваривают водой, её кипятит на плите, и чай готов."
    assert tea.languages == ("ru", "en") and tea.easy is False
    assert drawn[VaultPath("Stove.md")].easy is True, "the kettle is named beside the link"
    assert drawn[VaultPath("Two.md")].text == "One sentence that leads to by name."
    assert sum(questions.left_out.values()) == 2, "a bare item, and links in frontmatter and as an embed"


def test_what_a_question_was_taken_from_is_left_out(ask: Ask, indexer: Indexer) -> None:
    for question in ask().draw("link", 100):
        assert question.source is not None
        assert question.without == {chunk.id for chunk in indexer.ledger.occurrences_of(question.source)}
    (described,) = ask().draw("description", 100)
    hidden = [chunk for chunk in indexer.ledger.occurrences_of("Kettle.md") if chunk.id in described.without]
    assert [chunk.text for chunk in hidden] == ["A vessel in which water is made hot."]
    assert described.target == "Kettle.md" and described.text == hidden[0].text


def test_headings_are_asked_that_lead_to_one_place(ask: Ask) -> None:
    assert ask().draw("heading", 100) == [], "the one heading of two words stands twice"
    assert ask("Diary.md").draw("heading", 100) == [], "what may not be found still makes it ambiguous"


def test_a_heading_leads_to_its_note_and_section(indexer: Indexer, ask: Ask) -> None:
    file = indexer.vault.root / "Diary.md"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("## Removing lime scale", "## Removing"), encoding="utf-8")
    indexer.look(["Diary.md"])
    (heading,) = ask().draw("heading", 100)
    assert (heading.text, heading.target) == ("Removing lime scale", "Kettle.md")
    assert heading.section == ("Kettle", "Removing lime scale") and not heading.without
    file.write_text(before, encoding="utf-8")
    indexer.look(["Diary.md"])


def test_names_are_asked_that_one_note_has_alone(ask: Ask) -> None:
    drawn = {(question.text, question.target) for question in ask().draw("name", 100)}
    assert {("Kettle", "Kettle.md"), ("boiler", "Kettle.md"), ("Чай", "Чай.md")} <= drawn
    assert "Empty" not in {text for text, _ in drawn}, "what has no text is not found"


def test_notes_that_policy_keeps_back_give_no_question(ask: Ask) -> None:
    assert {q.source for q in ask("Diary.md", "Чай.md").draw("link", 100)} == {"Stove.md", "Two.md"}
    assert ask("Kettle.md").draw("link", 100) == ask("Kettle.md").draw("description", 100) == []
    assert not list(ask("Kettle.md", "Stove.md").stripped(100))


def test_a_seed_draws_the_same_and_another_one_others(ask: Ask) -> None:
    for kind in KINDS:
        assert ask(seed=1).draw(kind, 2) == ask(seed=1).draw(kind, 2)
        assert len(ask().draw(kind, 2)) <= 2
    orders = {tuple(q.text for q in ask(seed=seed).draw("name", 100)) for seed in range(8)}
    assert len(orders) > 1


def test_one_note_does_not_ask_everything(indexer: Indexer, tmp_path: Path) -> None:
    links = "\n\n".join(f"Here are some words around [[n{number}]] and more." for number in range(9))
    (tmp_path / "v").mkdir()
    (tmp_path / "v/Many.md").write_text(links)
    for number in range(9):
        (tmp_path / f"v/n{number}.md").write_text(f"Note number {number}.")
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(tmp_path / "v"), ledger, MemoryStore(), WordEmbedder(), Policy())
    made.prepare()
    made.scan()
    questions = Questions(ledger, Policy(), lambda path: made.vault.read(path)[0])
    assert len(questions.draw("link", 100)) == A_NOTE
    ledger.close()


def test_a_stripped_note_lacks_some_of_its_links(ask: Ask) -> None:
    stripped = {each.note.path: each for each in ask().stripped(100)}
    assert {"Чай.md", "Stove.md", "Two.md", "Diary.md", "Index.md"} == set(stripped)
    assert "Kettle" not in stripped[VaultPath("Two.md")].note.text
    named = {path: {r.path: easy for r, easy in each.targets} for path, each in stripped.items()}
    assert named[VaultPath("Stove.md")] == {"Kettle.md": True} and named[VaultPath("Two.md")] == {"Kettle.md": False}
    index = stripped[VaultPath("Index.md")]
    assert len(named[VaultPath("Index.md")]) == 1, "one in five, but at least one"
    assert ("Kettle" in index.note.text) != ("Stove" in index.note.text), "the other one stays"
    few = [len(each.targets) for each in ask().stripped(2)]
    assert sum(few) >= 2 > sum(few[:-1])


def test_a_note_that_is_gone_meanwhile_is_passed_over(indexer: Indexer) -> None:
    questions = Questions(indexer.ledger, Policy(), lambda path: None)
    assert questions.draw("link", 100) == [] and not list(questions.stripped(100))
