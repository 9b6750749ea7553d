from vault_sync.watching.change import Coalescer


def test_waits_for_quiet() -> None:
    coalescer = Coalescer(quiet=0.5, longest=2.0)
    coalescer.hint("a", 10.0)
    coalescer.hint("a", 10.4)
    assert coalescer.next_due() == 10.9
    assert coalescer.take(10.8) == []
    assert coalescer.take(10.9) == ["a"]
    assert len(coalescer) == 0 and coalescer.next_due() is None


def test_never_waits_longer_than_the_longest_wait() -> None:
    coalescer = Coalescer(quiet=0.5, longest=2.0)
    for tenth in range(0, 30):
        coalescer.hint("busy", 10 + tenth / 10)
    assert coalescer.take(12.0) == ["busy"]


def test_both_halves_of_a_rename_go_together() -> None:
    coalescer = Coalescer(quiet=0.5, longest=2.0)
    coalescer.hint("old", 10.0)
    coalescer.hint("new", 10.01)
    assert coalescer.take(10.5) == ["old", "new"]
