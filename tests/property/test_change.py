from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from vault_sync.watching.change import Coalescer

steps = st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc")), max_size=60)


@given(steps)
def test_every_hint_is_taken_once_and_in_time(gaps: list[tuple[float, str]]) -> None:
    coalescer = Coalescer(quiet=0.5, longest=2.0)
    now = 0.0
    waiting: dict[str, float] = {}
    for gap, path in gaps:
        until = now + gap
        while (due := coalescer.next_due()) is not None and due <= until:
            for taken in coalescer.take(due):
                assert due - waiting.pop(taken) <= 2.0 + 1e-9
        now = until
        coalescer.hint(path, now)
        waiting.setdefault(path, now)
    while (due := coalescer.next_due()) is not None:
        for taken in coalescer.take(due):
            del waiting[taken]
    assert not waiting


@dataclass
class Simple:
    """The same by looking at everything each time."""

    quiet: float
    longest: float
    first: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)

    def hint(self, path: str, now: float) -> None:
        self.first.setdefault(path, now)
        self.last[path] = now

    def due_at(self, path: str) -> float:
        return min(self.last[path] + self.quiet, self.first[path] + self.longest)

    def next_due(self) -> float | None:
        return min(map(self.due_at, self.first), default=None)

    def take(self, now: float) -> list[str]:
        if not any(self.due_at(path) <= now for path in self.first):
            return []
        due = [path for path in self.first if self.due_at(path) <= now + self.quiet / 2]
        for path in due:
            del self.first[path], self.last[path]
        return due


seconds = st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), st.floats(0, 3))
doings = st.lists(st.tuples(seconds, st.one_of(st.just(""), st.sampled_from("abcdefgh"))), max_size=80)


@given(doings, seconds, seconds)
def test_it_is_as_the_simple_one(doings: list[tuple[float, str]], quiet: float, longest: float) -> None:
    simple, quick = Simple(quiet, longest), Coalescer(quiet, longest)
    now = 0.0
    for gap, path in doings:
        now += gap
        if path:
            simple.hint(path, now)
            quick.hint(path, now)
            assert quick.due_at(path) == simple.due_at(path)
        else:
            assert quick.take(now) == simple.take(now)
        assert quick.next_due() == simple.next_due()
        assert len(quick) == len(simple.first)
