"""A sitting at the terminal: typed answers in, decisions of the real application out."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from daemon.compose import Famulus
from daemon.terminal.client import Client
from daemon.terminal.reviewing import Reviewing, ending, understood
from tests.unit.daemon.linking.test_deciding import NOTES, famulus, fill, fill_all

__all__ = ["famulus"]


class Terminal:
    """Types what it was given, then ends; keeps what was said."""

    def __init__(self, *typed: str) -> None:
        self.typed = list(typed)
        self.said: list[str] = []

    def ask(self) -> str:
        if not self.typed:
            raise EOFError
        return self.typed.pop(0)

    @property
    def text(self) -> str:
        return "\n".join(self.said)


Sit = Callable[..., Any]


@pytest.fixture
def sit(client: httpx.AsyncClient) -> Sit:
    async def sitting(*typed: str, **params: Any) -> tuple[Terminal, Counter[str]]:
        terminal = Terminal(*typed)
        found = Reviewing(Client(client), terminal.ask, terminal.said.append, params)
        await found.run()
        return terminal, +found.counts

    return sitting


async def test_each_is_asked_for_once(famulus: Famulus, sit: Sit) -> None:
    best, middle, least = fill_all(famulus)
    terminal, counts = await sit("y", "n", "s")
    assert counts == {"accepted": 1, "rejected": 1, "skipped": 1}
    states = {each.id: famulus.inbox.get(each.id).state for each in (least, middle, best)}
    assert list(states.values()) == ["applied", "rejected", "pending"], "in the order of the list"
    assert "1 of 3" in terminal.text and "3 of 3" in terminal.text
    assert "tags: tag3" in terminal.text and "Why not." in terminal.text


async def test_what_is_not_understood_decides_nothing(famulus: Famulus, sit: Sit) -> None:
    fill_all(famulus)
    terminal, counts = await sit("yy", "н", "?", "d", "q")
    assert not counts
    assert terminal.text.count("refuse it; it is not proposed again") == 3
    assert "+ tags: [tag3]" in terminal.text or "tag3" in terminal.said[-1]
    assert {each.state for each in famulus.inbox.list()} == {"pending"}


async def test_the_end_of_the_input_ends_the_sitting(famulus: Famulus, sit: Sit) -> None:
    fill_all(famulus)
    assert (await sit("n"))[1] == {"rejected": 1}
    assert len(famulus.inbox.list("pending")) == 2


async def test_the_last_decision_is_taken_back(famulus: Famulus, sit: Sit, root: Path) -> None:
    _, middle, least = fill_all(famulus)
    _, counts = await sit("y", "u", "n", "u", "u", "s")
    assert {each.state for each in famulus.inbox.list()} == {"pending"}
    assert (root / least.path).read_text(encoding="utf-8") == NOTES[least.path]
    assert famulus.inbox.refused(middle.path, "properties") == set()
    assert counts == {"skipped": 3}


async def test_many_that_were_skipped_do_not_come_twice(
    famulus: Famulus, sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.terminal.reviewing._PAGE", 2)
    for number in range(5):
        fill(famulus, "Tea.md", f"t/{number}a", 0.1 * number)
    assert (await sit("s", "n", "s", "", "s", "y"))[1] == {"skipped": 4, "rejected": 1}


async def test_a_stale_one_says_why(famulus: Famulus, sit: Sit, root: Path) -> None:
    best = fill_all(famulus)[0]
    (root / best.path).unlink()
    terminal, counts = await sit("y", folder=best.path)
    assert counts == {"stale": 1} and "The note is gone." in terminal.text


def test_the_end_says_what_it_came_to() -> None:
    assert ending(Counter({"accepted": 2, "rejected": 1}), 1) == "\n2 accepted, 1 rejected. 1 waits in the inbox."
    assert ending(Counter(), 0) == "\nThe inbox is empty."


def test_only_whole_answers_are_understood() -> None:
    assert [understood(typed) for typed in ("Y ", "no", "", "Q", "yno")] == ["yes", "no", "skip", "quit", "help"]
