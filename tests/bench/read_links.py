"""Related notes as they would be proposed: whether each quotation stands where its source says, and to be read.

    python -m tests.bench.read_links [--count 40] [--seed 1] [VAULT …]      # proposals, one a note

No model is asked: the reasons are those of a machine without one.
"""

import argparse
import asyncio
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.links.linkform import heading_part
from agents.ports import Roles
from agents.prompts import Prompts
from agents.reasons.anchor import stripped
from agents.related.link import Linker
from agents.related.proposal import Proposal, Read
from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.judged import FIXTURES
from tests.bench.retrieval import indexed
from tests.bench.vaults import NAMES
from vault_sync.databases.state import State
from vault_sync.index.ledger import Ledger
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.vault import Vault


class Nobody:
    """No model masters anything."""

    async def masters(self, engine: object, language: str) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Checked:
    """How many proposals a vault gets; of how many the quotation stands in the note's bytes, and below its source."""

    vault: str
    notes: int
    proposals: int
    quoted: int
    sourced: int
    blocks: int
    headings: int
    tied: int


@contextmanager
def linking(name: str) -> Iterator[tuple[Linker, Ledger, Read]]:
    """A linker for a vault."""
    with tempfile.TemporaryDirectory() as folder:
        ledger, searcher = indexed(FIXTURES / "vaults" / name, Path(folder), CachedEmbedder(E5Embedder()))
        vault = Vault(FIXTURES / "vaults" / name)

        def read(path: VaultPath) -> bytes:
            return vault.read(path)[0]

        yield Linker(ledger, searcher, Roles({}), Nobody(), Prompts(), State(":memory:"), read=read), ledger, read
        ledger.close()


def paths(ledger: Ledger, seed: int = 1) -> list[VaultPath]:
    """All notes in random order."""
    found = ledger.paths()
    random.Random(seed).shuffle(found)
    return found


def measure(name: str) -> Checked:
    with linking(name) as (linker, ledger, read):
        made = [one for path in paths(ledger) for one in asyncio.run(linker.suggest(path))]
        notes = {path: parse_note(path, read(path) or b"") for path in ledger.paths()}
    return Checked(
        name,
        len(notes),
        len(made),
        sum(one.evidence in notes[one.target].text for one in made),
        sum(below(notes[one.target], one) for one in made),
        sum(bool(one.anchor.block) for one in made),
        sum(bool(one.anchor.heading) for one in made),
        sum(one.reason[0] not in "“«" for one in made),
    )


def below(note: Note, proposal: Proposal) -> bool:
    """Whether the quotation stands in the block, or under the first heading, that Obsidian finds for the source."""
    place, part = note.text.find(proposal.evidence), heading_part(proposal.anchor.heading)
    if place < 0 or (proposal.anchor.block and part):
        return False
    if block := proposal.anchor.block:
        return any(one.id == block and one.span.start >= place for one in note.blocks)
    if not part:
        return True
    lines = [
        (one, re.sub(r"\n\s*(?:=+|-+)\s*$", "", note.text[one.span.start : one.span.end])) for one in note.headings
    ]
    first = next((one for one, raw in lines if stripped(raw) == stripped(part)), None)
    if first is None:
        return False
    after = (one.span.start for one, _ in lines if one.span.start > first.span.start and one.level <= first.level)
    end = next(after, len(note.text))
    return note.text.find(proposal.evidence, first.span.end, end) >= 0


def compare(names: Sequence[str] = NAMES) -> list[Checked]:
    return [measure(name) for name in names]


def table(found: Sequence[Checked]) -> str:
    lines = [
        "| vault | notes | related notes | quotation in the note's bytes | below its source | source is a block | a heading"
        " | a tie goes before |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        lines.append(
            f"| {one.vault} | {one.notes} | {one.proposals} | {one.quoted} | {one.sourced} | {one.blocks} | {one.headings}"
            f" | {one.tied} |"
        )
    return "\n".join(lines)


def show(name: str, count: int, seed: int) -> None:
    """Print the first proposal of each of so many notes."""
    print(f"# {name}\n")
    with linking(name) as (linker, ledger, _):
        left = iter(range(1, count + 1))
        for path in paths(ledger, seed):
            proposal = next(iter(asyncio.run(linker.suggest(path))), None)
            if proposal is None:
                continue
            if (number := next(left, None)) is None:
                return
            print(f"{number}. {path}\n   {proposal.relation}: {proposal.target} ({proposal.score})")
            print(f"   {proposal.reason}\n   {proposal.anchor}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("vaults", nargs="*", metavar="VAULT", help=", ".join(NAMES))
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    for name in chosen.vaults or NAMES:
        show(name, chosen.count, chosen.seed)


if __name__ == "__main__":
    main()
