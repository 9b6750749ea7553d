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
names. What was measured on a GPU has [a page of its own](benchmarks-gpu.md)."""


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
        "Is what ranks tuned to these sets?",
        "nDCG@10 as delivered, with values of one setting that the queries had no part in choosing, and with the value\n"
        "that would be best for the set alone. What else was set by hand: decisions/0007-fusion.md.",
    ),
    Bench(
        "cost",
        "What a passage and a question cost",
        "Passages of 700 characters, English, in groups of eight; questions one by one, English and Russian. Both kinds\n"
        "compute with the same weights. CPU is what the process and its worker computed, on all cores together.",
    ),
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
        "is what scores mean: the last column is a lower bound, for what nobody had linked may belong together all the same. The\n"
        "third is of what would be listed: by the score alone, and where a note in doubt has to stand out by what it says.",
    ),
    Bench(
        "related_unlinked",
        "Related notes where nothing is linked",
        "All links of a vault are hidden at once, with their words. Which notes are listed (six at most, each with the least\n"
        "score), and were they linked? What nobody had linked may belong together all the same.",
    ),
    Bench(
        "crosslingual",
        "Related notes across languages",
        "Paragraphs of 48 encyclopedia articles (XQuAD) that exist in English and Russian, each a note; no links, titles are\n"
        "numbers. Across languages the first paragraph of an article is a note in one language and the others, other texts\n"
        "on the same matter, in the other. “Proposed”: one of these is among those listed. Articles are resampled.",
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
        "is what Famulus shows beside a note of which one link in five is hidden, its vectors made anew without them. The\n"
        "second table has the same questions with other weights: the mean of the kinds, and an interval that allows for how\n"
        "many were compared. The share of words among related notes only chooses which notes are weighed at all.",
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
        "read_sections",
        "Sections and reasons, read",
        "Sections by prompts, and single lines of related notes, as the product writes them with the starter models, read as a\n"
        "stranger would: the share that one reader would keep, with its interval, resampled by note. Each round is of other\n"
        "notes and of the code of its day; the first of each kind was before its checks. `read_sections draw` draws more.",
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
        "vectors are real ones with noise, for embedding them would take hours. CPU is what the process and its embedder\n"
        "computed, on all cores together: it says more than the clock where the machine was busy. Memory is without models.",
    ),
    Bench(
        "why_cost",
        "What it costs to say why a note was not found",
        "Each query is searched, then explained for the note that search has first and for one drawn by number. A ratio is\n"
        "to the search just before. `why` looks at every passage with a word of the question and at every vector.",
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
        "embedder took is taken off. What is found by its meaning is returned by a search by meaning alone. Chroma is written\n"
        "when notes are quiet (decisions/0015-chroma-behind.md): its row is without the half second of that.",
    ),
    Bench(
        "indexing",
        "Cold indexing beside the embedder alone",
        "The same texts in turns, real vectors. The embedder alone gets them sorted by length and does nothing else. Indexing\n"
        "ends when Chroma is up to date. Slices differ by the machine's mood: a run ten minutes before had 0.927 in all.",
    ),
    Bench(
        "save_cost",
        "What a saved note costs, without a model",
        "10,000 made notes with real text and a few links each; vectors stand in, so that embedding costs nothing. Each note is\n"
        "edited on the disk, looked at by the index, and then by all that proposes something for it, after what the daemon\n"
        "reads ahead. Processor time, all threads together. The goal is 50 ms for all but the index.",
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
        "alone",
        "An hour alone with its user",
        "The real daemon with the starter models links a copy of techwiki-en by itself while its user writes, renames and\n"
        "deletes notes, searches, asks, and hangs up in mid-answer, some forty doings a minute. Looked at from outside, each\n"
        "time after it had come to rest; memory without files that are mapped. Refused: any status of 400 and more, but for\n"
        "a note that is not known any more.",
    ),
    Bench(
        "batching",
        "The llama.cpp engine",
        "SmolLM2-135M on two cores, medians of rounds that alternate. The cores also run the daemon's side and the clients:\n"
        "on machines with other work one stream had 0.83 to 0.96 before, and eight had 1.45 to 1.77. What bounds eight streams\n"
        "is llama.cpp's step for the form of the starter's weights: decisions/0014-batching.md.",
    ),
    Bench(
        "beside_bulk",
        "A question beside work in bulk on one llama.cpp engine",
        "SmolLM2-135M on two cores: the second turn of a chat, asked alone and beside long prompts in bulk, by turns. Before\n"
        "bulk work stood back the first token took 8.9 and the whole answer 10.5 times as long as alone (load 7 to 9). The\n"
        "prompts were others then, so those ratios and these do not say how many times quicker it became.",
    ),
    Bench(
        "forms",
        "What bounds eight streams on a processor",
        "Tokens a second of the processor, one thread, after prompts of a few dozen tokens: llama.cpp's own step in a bare\n"
        "loop, and Famulus. The starter's weights are Q4_1; the other forms are made of that file, rounded twice, so that they\n"
        "say something of speed and nothing of a model.",
    ),
    Bench(
        "drawing",
        "Drawing tokens by chance",
        "Thirty-two answers, a vocabulary of 151,936, made-up logits: flat ones as random weights give them, and ones of\n"
        "which each answer's likeliest token has most of the weight. Times of the processor, one thread, medians of\n"
        "rounds that alternate. A sum over everything is what Famulus did before, and with top-k\n"
        "it chose for each answer by itself.",
    ),
    Bench(
        "gateway",
        "What the gateway costs in front of a server that costs nothing",
        "A scripted server in a process of its own streams 2,000 tokens a second to each client. It is asked itself, through\n"
        "Famulus and through LiteLLM's proxy (one worker each, a key on both), in turns, each with 1, 8 and 32 clients that\n"
        "begin together; answers have 200 tokens. Medians over the rounds. Processor time is that of the gateway's process\n"
        "in all, requests included. The machine had other work at the time: only the ratios mean something. A gateway that is\n"
        "late with the first tokens passes on what has gathered since in one piece, so that its further tokens may come\n"
        "faster than the server sends them: the overhead is then below zero.",
    ),
    Bench(
        "gateway_own",
        "What HTTP costs in front of the engine of our own",
        "The starter model through the daemon's application, and asked directly by its process, in turns. The prompt is the\n"
        "same each time, so that the first token is one step of the model. The machine had other work at the time.",
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
        "have made. The code was written with “dev” in sight, and with the “homonyms”, half of which are words that mean\n"
        "something else; by now also with “held”, on the notes of “dev”, “fresh” and “fresh2”, on others, “fresh3”, of\n"
        "homes, kitchens, law and sport, and “fresh4”, of the sky, stage, rails and beasts: what is left wrong in them was\n"
        "looked at, and by now so was what is left in “fresh5”, of clay, weather, type, rope, wheels and horses. Only “fresh6”, of\n"
        "watches, fencing, wool, cars, film, tea and cheese, was not: it was written before the code was changed for the faults\n"
        "of the others, and the code ran on it once after that. In “dev” and “held” many notes have no text.\n"
        "Proposals of a round were drawn and read before their faults were told to those who write the code, and only those\n"
        "still made count; the fifth and the sixth were drawn, of what no round had judged, when all but the last changes were\n"
        "made; the sixth is all that was left then, and 0.802 of it was right (101 of 126). For the seventh, with every proposal\n"
        "for the vaults read, they were put in two other states: with all their links left out (64, all proposals that are neither\n"
        "on words that the writer linked nor read before; 0.750 right, 0.632–0.840), and with an empty note for each one that is linked\n"
        "and not there (56 of 220, by chance; 0.536, 0.407–0.660); of all 120 it was 0.650 (0.561–0.729, as drawn, before the faults\n"
        "were mended). What leads to the right note and helps nobody counts as an error. Times are CPU times of one run, of a\n"
        "busy machine.",
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
