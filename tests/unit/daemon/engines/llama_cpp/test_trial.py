import json
import subprocess
import sys

from daemon.engines.llama_cpp.native.trial import from_everywhere
from tests.effort import LONG

SCRIPT = """
import json, os, signal
from daemon.engines.llama_cpp.native import trial

def read(asked):
    what = asked["grammar"]
    if what == "hang":
        while True:
            pass
    if what == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "eat":
        bytearray(8 << 30)
    if what == "wrong":
        raise ValueError(what)

trial.SECONDS = 1
before = trial.survives(grammar="hang again")
trial.begin(read)
asked = ("fine", "hang", "die", "eat", "wrong", "fine \\ud800")
print(json.dumps([before, *(trial.survives(grammar=each) for each in asked)]))
"""


def test_what_hangs_ends_or_fills_its_reader_is_told_and_the_next_is_tried() -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=LONG, check=True)
    assert json.loads(ended.stdout) == [True, True, False, False, False, True, True]


FILLED = """
import contextlib, json
from daemon.engines.llama_cpp.native import trial
from daemon.engines.llama_cpp.native.lazy_grammar import tried

with contextlib.suppress(ValueError):
    tried({"grammar": "root ::= ("})  # the first error in C++ takes memory, and without any ends the process
trial.SECONDS, trial._MEMORY = 60, 1 << 30
trial.begin(tried)
print(json.dumps([trial.survives(grammar=each) for each in ('root ::= "a"{5,3}', 'root ::= (', 'root ::= "a"')]))
"""


def test_a_grammar_for_which_memory_ends_before_the_time_is_not_taken_for_one_with_a_mistake() -> None:
    ended = subprocess.run([sys.executable, "-c", FILLED], capture_output=True, text=True, timeout=LONG, check=True)
    assert json.loads(ended.stdout.splitlines()[-1]) == [False, True, True]


def test_a_grammar_is_begun_by_each_of_its_rules() -> None:
    text, root = from_everywhere('root ::= "x ::= y" other\nother ::= [a-z] <|im_end|> !<[5]> | "<b>"')
    assert root == "tried-all"
    assert text == ('root ::= "x ::= y" other\nother ::= [a-z] "t" "t" | "<b>"\ntried-all ::= root | other\n')
