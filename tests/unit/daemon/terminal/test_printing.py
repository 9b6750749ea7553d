import json
import logging
from pathlib import Path

import pytest

from daemon.terminal.printing import Terminal, harmless
from daemon.terminal.running import handlers
from tests.composed import settings_for


def test_what_steers_a_terminal_is_shown_and_not_obeyed() -> None:
    assert harmless("a\x1b[31mb\x07\x9bc\x00\x7f\r") == "a␛[31mb␇�c␀␡␍"


def test_json_steers_no_terminal_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    said = "a\x1b[31m\x9b31m\x7f заметка"
    Terminal().answer({"text": said}, "", as_json=True)
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"text": said} and "заметка" in shown
    assert harmless(shown) == shown


def test_a_log_steers_no_terminal(tmp_path: Path) -> None:
    record = logging.LogRecord("a", logging.WARNING, "", 0, "%s can not be read", ("A\x1b]0;b\x07\x9b.md",), None)
    made = handlers(settings_for(tmp_path), verbose=False, to_file=True)
    shown = [each.format(record) for each in made]
    for each in made:
        each.close()
    assert len(shown) == 2 and all(line.endswith("A␛]0;b␇�.md can not be read") for line in shown)


def test_text_stays_as_it_is() -> None:
    text = "Заметка\tс [скобками]\nи 😀"
    assert harmless(text) == text
