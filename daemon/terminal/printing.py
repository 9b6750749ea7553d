"""What is printed for people. Names, titles and texts come from notes and are data to the terminal, too."""

import json
import logging
import sys
from typing import Any

from rich.console import Console

_SHOWN = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"}
_SHOWN |= {0x7F: "␡", **dict.fromkeys(range(0x80, 0xA0), "�")}


def harmless(text: str) -> str:
    """The text with what would steer a terminal (escape sequences, bells, lone carriage returns) made visible."""
    return text.replace("\r\n", "\n").translate(_SHOWN)


def in_json(data: Any) -> str:
    """The same data in a line of JSON, in which nothing would steer a terminal either."""
    # what json leaves of it as it is: DEL, and the control characters behind it
    return json.dumps(data, ensure_ascii=False).translate({code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}) + "\n"


class HarmlessFormatter(logging.Formatter):
    """Of a log that is read in a terminal: names of files stand in its lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, made harmless."""
        return harmless(super().format(record))


class Terminal(Console):
    """A console to which no text can give orders."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; texts are made harmless."""
        super().print(*(harmless(each) if isinstance(each, str) else each for each in objects), **options)

    def answer(self, data: Any, shown: str, *, as_json: bool) -> int:
        """What the API answered: as JSON and nothing else, or as it is shown to people. Returns the exit code, 0."""
        if as_json:
            sys.stdout.write(in_json(data))
        else:
            self.print(shown)
        return 0
