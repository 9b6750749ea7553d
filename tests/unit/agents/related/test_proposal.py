import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.ports import ChatRequest, Roles
from agents.prompts import Prompts
from agents.reasons.anchor import Anchor
from agents.related.link import Linker
from agents.related.neighbours import Limits
from agents.relations.relate import Relater
from tests.fakes.chat_engine import ScriptedEngine
from tests.unit.agents.related.test_link import HASH, INDEX, TREE, Desk, Nobody, denying
from tests.unit.agents.relations.test_relate import Proven
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()
    made.state.close()


def linker(desk: Desk, engine: ScriptedEngine | None = None, policy: Policy | None = None) -> Linker:
    searcher = Searcher(desk.ledger, desk.indexer.store, desk.indexer.embedder, policy)
    roles = Roles({"planner": engine} if engine else {})
    return Linker(
        *(desk.ledger, searcher, roles, Nobody(), Prompts(), desk.state),
        policy=policy,
        limits=Limits(least=0.04),
        relater=Relater(roles, Proven("en"), Prompts(), desk.state),
        read=desk.read,
    )


def judge(request: ChatRequest) -> str:
    """Says the same of all notes that the request names."""
    count = request.messages[1].content.count("<other ")
    reason = "Index table rows by sorted keys: few pages."
    return json.dumps({str(n): {"relation": "narrower", "reason": reason} for n in range(1, count + 1)})


async def source(desk: Desk, made: Linker) -> str:
    """The footnote of the link to INDEX in TREE."""
    suggestions = await made.review(TREE, desk.read(TREE) or b"", remember=False)
    return next(one.detail["source"] for one in suggestions or [] if one.target == INDEX)


async def test_a_quotation_that_is_not_on_the_disk_any_more_is_not_proposed(desk: Desk) -> None:
    assert {p.target for p in await linker(desk).suggest(TREE)} == {INDEX, HASH}
    desk.put(INDEX, b"# Index\n\nAll of it was written anew, and nobody told the index.\n")
    assert {p.target for p in await linker(desk).suggest(TREE)} == {HASH}
    (desk.root / HASH).unlink()
    assert await linker(desk).suggest(TREE) == []


async def test_the_source_names_the_block_where_it_has_an_id(desk: Desk) -> None:
    desk.save(INDEX, desk.text(INDEX).rstrip("\n") + " ^rows\n")
    made = linker(desk)
    found = next(p for p in await made.suggest(TREE) if p.target == INDEX)
    assert found.anchor == Anchor(block="rows")
    assert "^rows" not in found.reason
    assert await source(desk, made) == "[[Databases/Index#^rows]]"


async def test_the_source_names_the_heading_as_obsidian_looks_it_up(desk: Desk) -> None:
    desk.save(INDEX, desk.text(INDEX).replace("## What it is", "## What | it ^ is? [[Page|no]]"))
    assert await source(desk, linker(desk)) == "[[Databases/Index#What it is Page no]]"


async def test_a_tie_stands_before_the_quotation(desk: Desk) -> None:
    desk.save(HASH, desk.text(HASH) + "\nMore of it in [[B-tree]].\n")
    found = {p.target: p.reason for p in await linker(desk).suggest(TREE)}
    assert found[HASH].startswith("It links to this note. “")
    assert found[INDEX].startswith("“")


async def test_one_request_tells_all_relations_that_structure_does_not(desk: Desk) -> None:
    engine = ScriptedEngine(judge)
    found = {p.target: p for p in await linker(desk, engine).suggest(TREE)}
    assert len(engine.requests) == 1
    assert {p.target: p.relation for p in found.values()} == {INDEX: "broader", HASH: "narrower"}
    assert (found[INDEX].reason, found[INDEX].generated) == ("Index table rows by sorted keys: few pages.", True)
    assert not found[HASH].generated


async def test_a_model_is_shown_nothing_that_policy_keeps_from_it(desk: Desk) -> None:
    engine = ScriptedEngine(judge)
    found = await linker(desk, engine, denying("prompt", path=INDEX)).suggest(TREE)
    assert {p.target for p in found} == {INDEX, HASH}
    (asked,) = engine.requests
    assert "An index finds" not in asked.messages[1].content
    engine.requests.clear()
    await linker(desk, engine, denying("prompt", path=TREE)).suggest(TREE)
    assert engine.requests == []
