"""Every benchmark, with its figures in docs/benchmarks.json and the tables of all of them in docs/benchmarks.md.

    python -m tests.bench              # all, each in a process of its own: an hour or more on two cores
    python -m tests.bench NAME …       # these; the figures of the others stay as they are

A benchmark is a module with `compare()`, which gives dataclasses, and `table()`, which makes Markdown of them. To add
one, write the module and name it in `BENCHES`.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "benchmarks.json"
HEAD = """# Benchmarks

Written by `make bench`. Each table compares things measured in the same run, for absolute times differ from machine
to machine: times compare within a table only. The judged sets and vaults lie in the folder that `FAMULUS_FIXTURES`
names."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A benchmark: its module's name, the title of its table, and what a reader must know of it."""

    name: str
    title: str
    words: str = ""

    @property
    def module(self) -> Any:
        return importlib.import_module(f"tests.bench.{self.name}")


BENCHES = (
    Bench("retrieval", "Retrieval: nDCG@10 through the whole path"),
    Bench(
        "crossval",
        "Is the lexical lane's share tuned to these sets?",
        "nDCG@10 of the product, of shares that the queries had no part in choosing, and of the share that would be best\n"
        "for the set alone.",
    ),
    Bench("cost", "What a passage costs"),
    Bench(
        "tags",
        "Hidden tags",
        "Tags of 30 % of the tagged notes are taken out. P@1 and recall@3 of three ways to rank the vault's tags, and\n"
        "how many of the tags that Famulus would propose are right. In dataeng-en tags say how ripe a note is.",
    ),
    Bench(
        "vaults",
        "Real vaults",
        "Links at 5, 10 and 20: the share of a note's own links among its first neighbours. The words of a link stay in\n"
        "the note's text, so this compares ways of ranking and does not say how many unwritten links would be found.",
    ),
    Bench(
        "related",
        "Related notes: hidden links",
        "Each link of the vaults is hidden once, with its words, while four in five of the others stay: is its target among\n"
        "the first ten that are proposed? Easy where a name of the target still stands in the note. Misses are compared with\n"
        "the best of words and vectors alone, which is what well-known plugins do; sources are resampled. The second table\n"
        "is what scores mean: the last column is a lower bound, for what nobody had linked may belong together all the same.",
    ),
    Bench(
        "link_cost",
        "What it costs to link a note on save, without a model",
        "Processor time in the daemon's process; the links of the made vault are drawn by chance.",
    ),
    Bench(
        "own_vaults",
        "Real vaults, asked by their own links, headings and names (`famulus eval`)",
        "A hidden link: the paragraph around it without the link's text is the query, its source is left out, and its\n"
        "target should be found; easy where the query still names the target or has a rare word of its names. `related`\n"
        "sees vectors that were made anew without the links. The second table has the same questions with other weights:\n"
        "the mean of the kinds, and an interval that allows for how many were compared.",
    ),
    Bench(
        "relations",
        "Broader, narrower or direct",
        "Pairs whose relation lists of types, maps of content, folder notes and the like tell; these are taken out of the\n"
        "vaults first, text and links (tests/cases/relations.json says of each pair what told it). Weights for a vault are\n"
        "fitted to the pairs of the other two; which features there are was chosen with all pairs in sight. “As shipped” saw\n"
        "the pairs that it is measured on. What was decided by it: decisions/0008-relations.md.",
    ),
    Bench(
        "relation_model",
        "What a model says is broader, narrower or direct",
        "The starter model, asked as the product would ask it if it had passed the test, which it does not: its answers are\n"
        "not used. No weights of a capable model are at hand where this was measured; for one at an OpenAI-compatible server,\n"
        "`python -m tests.bench.relation_model URL MODEL`.",
    ),
    Bench(
        "read_links",
        "Related notes: are quotations and sources true?",
        "Every note's related notes, no model asked. The quotation is looked for in the bytes of the note; its source is\n"
        "looked up as Obsidian does it, and the quotation must stand in that block or below that heading.",
    ),
    Bench(
        "headers",
        "What stands before a chunk's text when it is embedded",
        "Recall and reciprocal rank in the first ten notes; for the answers in articles, in the first ten chunks. Samples,\n"
        "for the same text is embedded in several forms. What was decided by it: decisions/0005-chunks.md.",
    ),
    Bench(
        "scale",
        "Search in a large vault",
        "As in the daemon, with the real embedder for the queries. The texts are real ones, multiplied and varied; their\n"
        "vectors are real ones with noise, for embedding them would take hours. CPU is what the process computed, on all\n"
        "cores together: it says more than the clock where the machine was busy. Memory is without models.",
    ),
    Bench(
        "dense",
        "Where exact search beats Chroma",
        "The vectors are real ones mixed in pairs, with noise. With a filter Chroma is asked for as many more as it lets\n"
        "through fewer, and half as many again. What was decided by it: `FEW` and `DEEP` in vault_sync/stores/routed.py.",
    ),
    Bench(
        "start",
        "A second start on an unchanged vault",
        "The real process, its imports included, on a made vault with real text whose vectors stand in: two real ones mixed,\n"
        "and noise. Processor time, the best of three rounds.",
    ),
    Bench(
        "freshness",
        "An edited paragraph, a renamed folder, another branch",
        "A made vault with real text; the vectors of what is edited are real, those of the rest stand in. The time that the\n"
        "embedder took is taken off; it is in the last column.",
    ),
    Bench(
        "indexing",
        "Cold indexing beside the embedder alone",
        "The same texts in turns, real vectors. The embedder alone gets them sorted by length and does nothing else.",
    ),
    Bench(
        "garbage",
        "What deletions leave behind in Chroma",
        "Rows are deleted and as many others added, round after round; a new store holds the same rows. The daemon fills\n"
        "a new one, without embedding, once as many rows were deleted as there are.",
    ),
    Bench(
        "peers.contest",
        "Beside LangChain and LlamaIndex",
        "One real vault (techwiki-en), the same embedder, each step a new process, taken in turns; importing is left out.\n"
        "Each cuts the notes its own way: LangChain's splitter for Markdown at 1,000 characters, LlamaIndex's at headings\n"
        "and 256 tokens, with its metadata in the text that is embedded, as is its default, both in batches of eight.\n"
        "They embed notes as they stand; Famulus embeds what a reader sees of them, without frontmatter and the addresses\n"
        "of links: 178,000 of 292,000 characters, so its cold index is quicker for having less to read. A path is part of\n"
        "what LangChain and LlamaIndex compare, so a renamed folder is embedded anew. They answer a question a little\n"
        "quicker: they have one lane, and find fewer headings.",
    ),
    Bench(
        "bulk",
        "Many files at once",
        "The real watcher, upkeep, ledger and Chroma with an embedder that costs nothing; a vault that stands in a folder of\n"
        "its own and was empty before. The ratio is to the way that is used.",
    ),
    Bench(
        "rerank",
        "A second look at the first ten passages",
        "No weights of a trained reranker are at hand where this was measured. The stand-in says what a second look costs and\n"
        "changes, not what a trained one gives: `python -m tests.bench.rerank URL MODEL` measures that.",
    ),
    Bench(
        "mentions",
        "Mentions: links that were hidden, written sentences, proposals that were read",
        "A fifth of a vault's inline links is hidden at a time, their words left in the text, until each was hidden once;\n"
        "easy where the words are the target's title. It is found where a proposal for its target overlaps its words; its\n"
        "section gets the link where an earlier mention there does. Links that may be made are neither in a heading nor in\n"
        "a template or to one, nor the second to their target in a section. The last columns are of the proposals that\n"
        "touch hidden words. The plain matcher knows titles and aliases, as whole words, whatever their case, the longest\n"
        "first, and proposes each time. The sentences were written for this, with the links that a careful writer would\n"
        "have made; the code was written with the first part in sight, not with the held one, which is on the same notes,\n"
        "nor the fresh one, which is on others. Proposals of the first round were read before their faults were told to\n"
        "those who write the code, and only those still made count; the second round was drawn and read afterwards, before\n"
        "the last changes. What leads to the right note and helps nobody counts as an error. Times are CPU times of one run.",
    ),
)


def run(bench: Bench) -> None:
    """Measure and keep the figures."""
    load = os.getloadavg()[0]
    found = bench.module.compare()
    entry = {
        "measured": f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start",
        "table": bench.module.table(found),
        "figures": [asdict(each) for each in found],
    }
    print(f"\n{bench.title}\n\n{entry['table']}\n", flush=True)
    kept = figures() | {bench.name: entry}
    FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (DOCS / "benchmarks.md").write_text(page(kept), encoding="utf-8")


def figures() -> dict[str, Any]:
    """The figures of earlier runs, by benchmark."""
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    return {bench.name: found[bench.name] for bench in BENCHES if "table" in found.get(bench.name, ())}


def page(kept: dict[str, Any]) -> str:
    """The Markdown page of all tables."""
    parts = [HEAD]
    for bench in BENCHES:
        if entry := kept.get(bench.name):
            parts += [f"## {bench.title}", f"`tests/bench/{bench.name.replace('.', '/')}.py`, {entry['measured']}."]
            parts += [bench.words] if bench.words else []
            parts.append(entry["table"])
    return "\n\n".join(parts) + "\n"


def run_each(chosen: Sequence[Bench]) -> int:
    """Each in a process of its own; how many failed."""
    failed = [b.name for b in chosen if subprocess.run([sys.executable, "-m", "tests.bench", b.name]).returncode]
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return len(failed)


def main() -> None:
    by_name = {bench.name: bench for bench in BENCHES}
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", choices=[*by_name, []], metavar="NAME", help=", ".join(by_name))
    chosen = [by_name[name] for name in parser.parse_args().names] or list(BENCHES)
    if len(chosen) == 1:
        run(chosen[0])
    else:
        raise SystemExit(min(1, run_each(chosen)))


if __name__ == "__main__":
    main()
