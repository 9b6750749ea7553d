"""Policy is asked once for each note, and again for those that changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.denials import Denials
from vault_sync.policy.policy import Policy, Rule, Use
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

DIARY = Policy(rules=(Rule(("Diary",), ("search",)),))


class World:
    """A vault, and a policy that notes down which paths it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "v"
        for name in ("Diary/a.md", "Diary/b.md", "Work/c.md"):
            self.write(name)
        self.ledger = Ledger(folder / "index.db")
        self.current = DIARY
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder(), self)
        self.indexer.prepare()
        self.indexer.scan()
        self.denials = Denials(self.ledger, self)

    def write(self, name: str, text: str = "tea") -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(f"{text}\n")

    def denied(self, use: Use = "search") -> set[str]:
        ids = set(self.denials.of(use).tolist())
        return {note.path for note in self.ledger.notes() if note.id in ids}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    paths: list[str] = []
    allows = Policy.allows

    def noted(self: Policy, path: str, use: Use) -> bool:
        paths.append(path)
        return allows(self, path, use)

    monkeypatch.setattr(Policy, "allows", noted)
    return paths


def test_what_a_rule_denies_is_known(world: World) -> None:
    assert world.denied() == {"Diary/a.md", "Diary/b.md"}
    assert world.denied("related") == set()


def test_nothing_is_asked_twice(world: World, asked: list[str]) -> None:
    world.denied()
    assert len(asked) == 3
    world.denied()
    assert len(asked) == 3


def test_only_what_changed_is_asked_again(world: World, asked: list[str]) -> None:
    world.denied()
    asked.clear()
    world.write("Diary/d.md", "new")
    world.write("Work/c.md", "changed")
    world.indexer.scan()
    assert world.denied() == {"Diary/a.md", "Diary/b.md", "Diary/d.md"}
    assert sorted(asked) == ["Diary/d.md", "Work/c.md"]


def test_a_note_that_moves_into_and_out_of_a_rule(world: World) -> None:
    assert world.denied() == {"Diary/a.md", "Diary/b.md"}
    (world.root / "Diary/a.md").rename(world.root / "Work/a.md")
    (world.root / "Work/c.md").rename(world.root / "Diary/c.md")
    world.indexer.scan()
    assert world.denied() == {"Diary/b.md", "Diary/c.md"}


def test_another_policy_is_asked_for_everything(world: World, asked: list[str]) -> None:
    world.denied()
    world.current = Policy(rules=(Rule(("Work",), ("search",)),))
    asked.clear()
    assert world.denied() == {"Work/c.md"} and len(asked) == 3


def test_what_policy_hides_is_denied_until_the_index_is_cleaned(world: World, asked: list[str]) -> None:
    world.current = Policy(exclude=("Work",))
    assert world.denied() == {"Work/c.md"}
    world.indexer.scan()
    asked.clear()
    assert not len(world.denials.of("search")) and not asked


def test_a_note_that_failed_or_went_is_no_trouble(world: World) -> None:
    world.denied()
    (world.root / "Diary/b.md").write_bytes(b"\xff\xfe\x00broken")
    (world.root / "Diary/a.md").unlink()
    world.indexer.scan()
    assert world.denied() == {"Diary/b.md"}
