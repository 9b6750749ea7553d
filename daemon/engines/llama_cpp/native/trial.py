"""Schemas and grammars are read in a process of its own first: some keep the converter or llama.cpp busy for ever, take
all memory, or end the process that reads them. Here they end one that nobody misses.

The process is forked before the worker has threads or a model, so that it is small; it forks another for each trial.
"""

import json
import os
import re
import resource
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache

from daemon.engines.worker.loop import die_with_parent

SECONDS = 2
"""Of the processor, for one trial: a schema of a thousand parts takes a tenth of one."""
_MEMORY = 2 << 30
_FILLING = 128 << 20
"""What no reading takes that ends in a mistake: one that was refused memory at the limit has taken more."""
_RULE = re.compile(r"^([A-Za-z0-9-]+)\s*::=", re.MULTILINE)
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|#[^\n]*)|!?<[^>\s]*>', re.DOTALL)
Asked = Mapping[str, str]


class Trials:
    """The process that tries. Safe to use from threads."""

    def __init__(self, read: Callable[[Asked], object]) -> None:
        """Call before there are threads. `read` is what is tried; what it raises is no reason to refuse anything."""
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            ours.close()
            _try_all(theirs, read)
        theirs.close()
        self._stream = ours.makefile("rw", encoding="ascii")

    def survives(self, asked: Asked) -> bool:
        """Whether it can be read in time. True, too, where the process that tries is gone."""
        with self._lock:
            try:
                self._stream.write(json.dumps(asked) + "\n")
                self._stream.flush()
                return self._stream.readline() != "0\n"
            except OSError:
                return True


_trials: Trials | None = None


def begin(read: Callable[[Asked], object]) -> None:
    """Try what is read from now on. Call before there are threads."""
    global _trials
    _trials = Trials(read)


def survives(**asked: str) -> bool:
    """Whether a schema or grammar can be read in time; True where nothing is tried."""
    return _survives(tuple(asked.items()))


@lru_cache(64)
def _survives(asked: tuple[tuple[str, str], ...]) -> bool:
    return _trials is None or _trials.survives(dict(asked))


def from_everywhere(grammar: str) -> tuple[str, str]:
    """The grammar with a rule that may begin as any other does, and its name: what comes late is tried, too.

    The names of tokens become letters, since there is no vocabulary.
    """
    bare = _TOKEN.sub(lambda found: found[1] or '"t"', grammar)
    names = dict.fromkeys(_RULE.findall(bare))
    return f"{bare}\ntried-all ::= {' | '.join(names) or 'root'}\n", "tried-all"


def _try_all(asking: socket.socket, read: Callable[[Asked], object]) -> None:
    global _trials
    _trials = None
    die_with_parent()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    stream = asking.makefile("rw", encoding="ascii")
    for line in stream:
        pid = os.fork()
        if pid == 0:
            _try_one(line, read)
        stream.write("1\n" if os.waitpid(pid, 0)[1] == 0 else "0\n")
        stream.flush()
    os._exit(0)


def _try_one(line: str, read: Callable[[Asked], object]) -> None:
    code, before = 1, _resident()
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(20 * SECONDS)
        read(json.loads(line))
        code = 0
    except MemoryError:
        pass
    except Exception:  # noqa: BLE001 - the worker meets the same, and says it
        # llama.cpp tells a mistake in the grammar, too, where it was refused memory.
        code = int(_resident() - before > _FILLING)
    finally:
        os._exit(code)


def _resident() -> int:
    """The most bytes of memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
