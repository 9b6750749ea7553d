"""Break the daemon in every way that is known, and count what is lost. Exits with 1 where anything is.

python -m tests.torture [--rounds N] [--seed S] [--only NAME …] [--write]
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from tests.torture import table
from tests.torture.course import Round
from tests.torture.engines import serving_engines
from tests.torture.fault import Fault
from tests.torture.rounds import FAULTS, Arena, Outcome

SAFETY = Path(__file__).resolve().parents[2] / "docs" / "safety.md"


def main() -> int:
    names = [fault.name for fault in FAULTS]
    parser = argparse.ArgumentParser(prog="make torture", description="Break the daemon and count lost bytes.")
    parser.add_argument("--rounds", type=int, help="tries of each fault (default: some hundred in all)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="repeat what was tried with this seed"
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--write", action="store_true", help="put the table into docs/safety.md")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"Seed {given.seed}; --seed {given.seed} tries the same again, but for the timing.", flush=True)
    faults, began = [fault for fault in FAULTS if fault.name in given.only], time.monotonic()
    with serving_engines() as engines:
        outcomes = Arena(engines, given.seed, tell=_Progress(given.rounds)).all(faults, given.rounds)
    told = table.summary(outcomes, given.seed, time.monotonic() - began, os.cpu_count() or 1)
    text = f"{table.table(outcomes)}\n\n{told}"
    print(f"\n{text}\n")
    for outcome in outcomes:
        _complain(outcome)
    if given.write:
        table.write(SAFETY, text)
    return 0 if all(outcome.ok for outcome in outcomes) else 1


class _Progress:
    """One line a round."""

    def __init__(self, rounds: int | None) -> None:
        self._rounds = rounds
        self._counts: Counter[str] = Counter()
        self._began = time.monotonic()

    def __call__(self, fault: Fault, found: Round) -> None:
        self._counts[fault.name] += 1
        seconds = int(time.monotonic() - self._began)
        place = "end" if found.last else f"{self._counts[fault.name]}/{self._rounds or fault.rounds}"
        wrong = "" if found.ok else f"  LOST {found.lost} BYTES" if found.losses else "  WRONG"
        told = f"{place:>7} {found.put:3} put in  {found.plan}"
        print(f"{seconds // 60:2}:{seconds % 60:02} {fault.name:12} {told}{wrong}", flush=True)


def _complain(outcome: Outcome) -> None:
    for found in outcome.rounds:
        for loss in found.losses:
            print(f"{outcome.fault.name}: {found.plan}: {loss.path}: {loss.size} bytes: {loss.told}")
        for problem in found.problems:
            print(f"{outcome.fault.name}: {found.plan}: {problem}")
    if outcome.broken:
        print(f"{outcome.fault.name} broke off: {outcome.broken}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
