"""Another program that edits notes: it saves them for a while, each in a thread of its own, and tells what it wrote.

python -m tests.torture.editor VAULT SEED SECONDS NAME-OF-SAVING < notes and what the user wrote in them, as JSON
"""

import base64
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import get_args

from tests.process import ROOT
from tests.torture.notes import corpus
from tests.torture.world import SAVINGS, Saving, World

_LONGEST_PAUSE = 0.45


def edit(root: Path, seed: str, seconds: float, saving: str, owned: dict[str, bytes]) -> dict[str, list[str]]:
    """Save each note again and again; `owned` is what the user wrote in them so far.

    Returns the text of each as the editor has it (in base64) and how many lines it added.
    """
    until = time.monotonic() + seconds
    made: dict[str, list[str]] = {}

    def work(path: str, number: int) -> None:
        rng = Random(f"{seed} {path}")
        world = World(root, corpus(), rng, {path: owned[path]}, made=number * 10_000)
        while time.monotonic() < until:
            world.add_line(path, rng.choice(SAVINGS) if saving == "any" else _saving(saving))
            time.sleep(rng.uniform(0, _LONGEST_PAUSE))
        made[path] = [base64.b64encode(world.own[path]).decode(), str(world.made - number * 10_000)]

    threads = [threading.Thread(target=work, args=(path, number + 1)) for number, path in enumerate(owned)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def _saving(name: str) -> Saving:
    return next(saving for saving in get_args(Saving) if saving == name)


def run(world: World, seed: str, seconds: float, saving: str, paths: list[str]) -> int:
    """Have another process edit the notes; `world` knows afterwards what it wrote. Returns how often it saved."""
    command = [sys.executable, "-m", "tests.torture.editor", str(world.root), seed, str(seconds), saving]
    owned = json.dumps({path: base64.b64encode(world.own[path]).decode() for path in paths})
    done = subprocess.run(
        command, cwd=ROOT, input=owned, capture_output=True, text=True, timeout=seconds + 60, check=True
    )
    told: dict[str, list[str]] = json.loads(done.stdout)
    for path, (own, _) in told.items():
        world.saved_elsewhere(path, base64.b64decode(own))
    return sum(int(saves) for _, saves in told.values())


if __name__ == "__main__":
    owned = {path: base64.b64decode(own) for path, own in json.load(sys.stdin).items()}
    made = edit(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4], owned)
    sys.stdout.write(json.dumps(made))
