"""What llama.cpp says: warnings and errors go to the log, and the last errors are kept for whoever is told of a failure."""

import sys
from collections import deque

import llama_cpp

_WARNING, _ERROR = 3, 4
_last: deque[str] = deque(maxlen=3)


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _hear(level: int, text: bytes, _: object) -> None:
    if level not in (_WARNING, _ERROR):
        return
    line = text.decode("utf-8", "replace")
    sys.stderr.write(line)
    if level == _ERROR and line.strip():
        _last.append(line.strip())


def listen() -> None:
    """Hear llama.cpp from now on."""
    llama_cpp.llama_log_set(_hear, None)


def last_errors() -> str:
    """The last errors in one line, "" where there were none."""
    return " / ".join(_last)
