import sys
import threading

from daemon.engines.worker.process import ChildProcess, Event
from tests.effort import LONG


def test_who_waits_for_the_end_comes_after_the_owner_was_told() -> None:
    begun, told = threading.Event(), list[tuple[str, bool]]()

    def owner(event: Event) -> None:
        told.append((event["event"], child.exited.is_set()))
        begun.set()

    code = 'import sys; print(\'{"event": "loaded"}\', flush=True); sys.stdin.read()'
    child = ChildProcess([sys.executable, "-c", code], {}, "small", owner)
    living = threading.Thread(target=child.run)
    living.start()
    assert begun.wait(LONG)
    child.terminate("It is to rest.", LONG)
    assert told == [("loaded", False), ("exit", False)] and child.exited.is_set()
    late: list[Event] = []
    child.open(late.append)
    assert late == [{"event": "exit", "cause": "It has ended."}]
    living.join(LONG)
