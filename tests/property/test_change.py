from hypothesis import given
from hypothesis import strategies as st

from vault_sync.change import Coalescer

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
