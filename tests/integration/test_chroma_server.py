"""A Chroma server that goes away and comes back: searches go on, and what it missed is brought to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.chroma_process import ChromaProcess
from vault_sync.errors import StoreAwayError, StoreBrokenError
from vault_sync.stores.chroma_server import PAUSE, Address, AsyncLine, ChromaServer, Line, SyncLine

pytestmark = pytest.mark.slow
ONE = np.array([[1, 0]], dtype=np.float32)
Make = Callable[[str], Line]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def process(tmp_path: Path) -> Iterator[ChromaProcess]:
    made = ChromaProcess(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[SyncLine, AsyncLine])
def line(request: pytest.FixtureRequest, process: ChromaProcess, clock: Clock) -> Iterator[Line]:
    made: Line = request.param(Address(process.url), clock)
    yield made
    made.close()


def test_a_server_that_is_away_says_so_and_what_it_holds_is_there_when_it_is_back(
    line: Line, process: ChromaProcess, clock: Clock
) -> None:
    store = ChromaServer(line, "a").open(1)
    store.add([1], ONE)
    process.stop()
    with pytest.raises(StoreAwayError, match=process.url) as caught:
        store.add([2], ONE)
    assert (caught.value.code, bool(caught.value.cause and caught.value.fix)) == ("store_away", True)
    with pytest.raises(StoreAwayError):
        store.check()
    process.start()
    with pytest.raises(StoreAwayError):
        store.count()  # nobody waits for it again so soon
    clock.now += PAUSE
    assert store.ids() == {1}
    store.check()


def test_a_server_that_is_away_at_start_is_used_once_it_is_there(
    line: Line, process: ChromaProcess, clock: Clock
) -> None:
    process.stop()
    store = ChromaServer(line, "a").open(1)
    store.check()
    with pytest.raises(StoreAwayError):
        store.count()
    process.start()
    clock.now += PAUSE
    assert store.count() == 0


def test_a_collection_that_somebody_deleted_is_made_anew(line: Line) -> None:
    server = ChromaServer(line, "a")
    store = server.open(1)
    store.add([1], ONE)
    server.drop(1)
    with pytest.raises(StoreBrokenError, match="does not exist") as caught:
        store.add([2], ONE)
    assert not isinstance(caught.value, StoreAwayError)
    store.reset()
    store.add([2], ONE)
    assert store.ids() == {2}


def test_vaults_that_share_a_server_do_not_see_each_other(line: Line) -> None:
    first, second = ChromaServer(line, "a"), ChromaServer(line, "a-1")
    first.open(1).add([1], ONE)
    second.open(2).add([2], ONE)
    assert (first.kept(), second.kept()) == ({1}, {2})
    first.drop(1)
    assert (first.kept(), second.kept(), second.open(2).ids()) == (set(), {2}, {2})


@pytest.mark.parametrize("kind", [SyncLine, AsyncLine])
@pytest.mark.parametrize("wrong", [{"tenant": "nobody"}, {"database": "nowhere"}])
def test_a_tenant_or_database_that_is_not_there_is_told(
    process: ChromaProcess, kind: type[Line], wrong: dict[str, str]
) -> None:
    line = kind(Address(process.url, **wrong))
    with pytest.raises(StoreAwayError, match="not found"):
        ChromaServer(line, "a").open(1).count()
    line.close()
