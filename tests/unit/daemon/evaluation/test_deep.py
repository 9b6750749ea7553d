"""Other chunk sizes and embedders, each in an index that is gone afterwards."""

from pathlib import Path
from typing import Any

import pytest

from daemon.compose import Famulus
from daemon.config import STARTER_ENGINES
from daemon.evaluation import deep
from daemon.evaluation.deep import deep_advice, variants
from daemon.evaluation.evaluating import Evaluating, Wish
from daemon.folder import folder_of
from tests.composed import Build
from tests.fakes.embedder import WordEmbedder
from vault_sync.evaluation.comparing import Comparison
from vault_sync.evaluation.metrics import Estimate
from vault_sync.index.remembering import Remembering
from vault_sync.index.sync import Stopped

SENTENCE = "Water is boiled in a vessel on the stove, and nobody knows who has filled it. "
NOTES = {
    "Kettle.md": f"# Kettle\n\n{SENTENCE * 12}\n\n## Removing the scale\n\n{SENTENCE * 3}\n",
    "Stove.md": "A stove has four plates, and water boils there in a [[Kettle]] in the morning.\n",
    "Чай.md": "---\ndescription: Как заваривать чай.\n---\nЧай заваривают водой, её кипятит [[Kettle]] на плите.\n",
}
ENGINES: dict[str, dict[str, Any]] = {
    **STARTER_ENGINES,
    "bge": {"kind": "openai", "model": "bge-m3", "url": "http://localhost:1/v1", "dimensions": 32},
    "big": {"kind": "openai", "model": "big-chat", "url": "http://localhost:1/v1"},
}


@pytest.fixture
async def famulus(build: Build, monkeypatch: pytest.MonkeyPatch) -> Famulus:
    monkeypatch.setattr("daemon.evaluation.deep.build_embedder", lambda spec: WordEmbedder(spec.model, 32))
    famulus = build(NOTES, engines=ENGINES)
    await famulus.catch_up()
    return famulus


def left(famulus: Famulus) -> list[Path]:
    return list(folder_of(famulus.settings.data_dir, famulus.vault).glob(f"{deep.PREFIX}*"))


def test_what_is_tried_follows_the_settings(famulus: Famulus) -> None:
    names = [variant.name for variant in variants(famulus)]
    assert names == ["now", "chunk_chars = 500", "chunk_chars = 1500", 'embedder = "bge"']
    famulus.settings.notes.chunk_chars = 500
    assert "chunk_chars = 1000" in [variant.name for variant in variants(famulus)]


def test_the_index_of_the_vault_stays_as_it_is(famulus: Famulus) -> None:
    before = famulus.ledger.counts(), famulus.store.ids(), famulus.ledger.changes(0)
    told: list[str] = []
    famulus.bus.listen(lambda event: told.append(event.name))
    (found,) = Evaluating(famulus).run(Wish(queries=5, deep=True))["compared"]
    assert found["of"] == "index" and found["notes"] == 3
    assert {each["configuration"] for each in found["settings"]} == {
        "chunk_chars = 500",
        "chunk_chars = 1500",
        'embedder = "bge"',
    }
    assert "[" in found["advice"] or "No other" in found["advice"]
    assert (famulus.ledger.counts(), famulus.store.ids(), famulus.ledger.changes(0)) == before
    assert set(told) == {"eval.progress"} and left(famulus) == []
    assert sorted(file.name for file in famulus.vault.root.iterdir()) == sorted(NOTES)


def test_it_ends_when_told_and_leaves_nothing(famulus: Famulus) -> None:
    (folder_of(famulus.settings.data_dir, famulus.vault) / f"{deep.PREFIX}killed").mkdir()
    with pytest.raises(Stopped):
        deep.compare_deep(famulus, [], famulus.ledger.paths(), lambda: True, lambda *_: None)
    assert left(famulus) == []


def test_what_is_embedded_already_is_not_embedded_again(famulus: Famulus) -> None:
    inner = WordEmbedder()
    remembering = Remembering(inner, famulus.ledger)
    (text,) = famulus.ledger.read().execute("SELECT text FROM occurrences WHERE text LIKE 'A stove%'").fetchone()
    known = text.replace("[[Kettle]]", "Kettle")
    vectors = remembering.embed_passages([known, "Something new.", known])
    assert inner.seen == ["Something new."]
    assert vectors == pytest.approx(WordEmbedder().embed_passages([known, "Something new.", known]))


@pytest.mark.parametrize(
    ("name", "low", "told"),
    [
        ("chunk_chars = 500", 0.01, "[notes] in famulus.toml, write chunk_chars = 500"),
        ('embedder = "bge"', 0.01, "[roles]"),
        ("chunk_chars = 500", -0.01, "No other"),
    ],
)
def test_advice_names_the_section(name: str, low: float, told: str) -> None:
    found = Comparison(name, Estimate(0.6, 0.5, 0.7, 50), Estimate(0.05, low, 0.1, 50))
    assert told in deep_advice([found]) and "No other" in deep_advice([])
