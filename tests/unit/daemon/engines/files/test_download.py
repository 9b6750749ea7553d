from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.files.download import Remote, alone, fetch
from tests.fakes.file_server import FileServer, serving

CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(CONTENT) as running:
        yield running


def remote(server: FileServer, *, sha256: str = "", size: int = len(CONTENT)) -> Remote:
    return Remote(f"{server.url}/x.gguf", size, server.etag, sha256 or server.etag)


def ignore(name: str, done: int, total: int) -> None:
    pass


def test_a_file_arrives_whole_and_progress_is_told(server: FileServer, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    fetch(remote(server), tmp_path / "x.gguf", lambda *now: told.append(now))
    assert (tmp_path / "x.gguf").read_bytes() == CONTENT
    assert told[-1] == ("x.gguf", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert [path.name for path in tmp_path.iterdir()] == ["x.gguf"]


def test_a_broken_connection_is_resumed_where_it_broke(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [300_000, 200_000]
    fetch(remote(server), tmp_path / "x.gguf", ignore)
    assert (tmp_path / "x.gguf").read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=300000-", "bytes=500000-"]


def test_a_later_run_goes_on_where_the_earlier_one_stopped(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [300_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(EngineError) as caught:
        fetch(remote(server), tmp_path / "x.gguf", ignore)
    assert "goes on where it stopped" in caught.value.fix
    assert not (tmp_path / "x.gguf").exists()
    server.cuts, server.requests = [], []
    fetch(remote(server), tmp_path / "x.gguf", ignore)
    assert (tmp_path / "x.gguf").read_bytes() == CONTENT
    assert server.ranges == ["bytes=300000-"]


def test_what_is_left_of_another_version_is_not_used(server: FileServer, tmp_path: Path) -> None:
    server.cuts = [300_000, 0, 0, 0, 0, 0, 0]
    with pytest.raises(EngineError):
        fetch(Remote(f"{server.url}/x.gguf", len(CONTENT), "older"), tmp_path / "x.gguf", ignore)
    server.cuts, server.requests = [], []
    fetch(remote(server), tmp_path / "x.gguf", ignore)
    assert server.ranges == [""]
    assert [path.name for path in tmp_path.iterdir()] == ["x.gguf"]


def test_other_content_than_announced_is_thrown_away(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        fetch(remote(server, sha256="0" * 64), tmp_path / "x.gguf", ignore)
    assert "SHA-256" in caught.value.cause
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_told_at_once(server: FileServer, tmp_path: Path) -> None:
    server.status = 403
    with pytest.raises(EngineError) as caught:
        fetch(remote(server), tmp_path / "x.gguf", ignore)
    assert "403" in caught.value.cause
    assert len(server.ranges) == 1


def test_two_pulls_at_once_take_turns(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "x.gguf"
    made: list[int] = []

    def make(number: int) -> None:
        with alone(target):
            if not target.exists():
                made.append(number)
                target.write_bytes(b"x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    assert len(made) == 1
