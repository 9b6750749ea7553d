import os
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.effort import LONG
from vault_sync.policy.obsidian import APP
from vault_sync.watching import poll
from vault_sync.watching.poll import Poller, differing, pause


@pytest.mark.parametrize(("took", "expected"), [(0, 2), (0.01, 2), (0.5, 9.5), (1, 19), (3, 57), (100, 60)])
def test_the_longer_a_look_takes_the_rarer_it_is(took: float, expected: float) -> None:
    assert pause(took) == pytest.approx(expected)


def test_what_differs() -> None:
    before = {"gone": None, "same": (1, 2, 3), "other": (1, 2, 3), "file": None}
    now = {"same": (1, 2, 3), "other": (1, 2, 4), "new": (1, 1, 1), "file": None}
    assert differing(before, now) == ["gone", "other", "new"]


class Look:
    """A poller that is told when to look."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(poll, "SHORTEST", 0.01)
        self.found: list[str] = []
        self._changed = threading.Condition()
        self.poller = Poller(root, self._put)
        self.poller.start()

    def _put(self, path: str) -> None:
        with self._changed:
            self.found.append(path)
            self._changed.notify_all()

    def until(self, *paths: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: set(paths) <= set(self.found), LONG), self.found


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".obsidian").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.md").write_text("a")
    (tmp_path / "sub" / "b.md").write_text("b")
    look = Look(tmp_path, monkeypatch)
    yield look
    look.poller.stop()
    assert not look.poller.is_alive()


def test_what_comes_goes_and_changes_is_told(look: Look, tmp_path: Path) -> None:
    (tmp_path / "sub" / unicodedata.normalize("NFD", "й.md")).write_text("x")
    (tmp_path / "sub" / "picture.png").write_text("x")
    (tmp_path / "a.md").write_text("another text")
    (tmp_path / "sub" / "b.md").unlink()
    look.until("sub/й.md", "sub/picture.png", "a.md", "sub/b.md")


def test_a_canvas_that_changes_is_told(look: Look, tmp_path: Path) -> None:
    (tmp_path / "board.canvas").write_text("{}")
    look.until("board.canvas")
    look.found.clear()
    (tmp_path / "board.canvas").write_text('{"nodes": []}')
    look.until("board.canvas")


def test_a_save_by_rename_is_told_though_size_and_time_are_the_same(look: Look, tmp_path: Path) -> None:
    info = (tmp_path / "a.md").stat()
    (tmp_path / "t").write_text("b")
    os.utime(tmp_path / "t", ns=(info.st_atime_ns, info.st_mtime_ns))
    (tmp_path / "t").replace(tmp_path / "a.md")
    look.until("a.md")


def test_hidden_folders_are_passed_over_but_for_the_settings(look: Look, tmp_path: Path) -> None:
    (tmp_path / ".git" / "index").write_text("x")
    (tmp_path / ".obsidian" / "workspace.json").write_text("{}")
    (tmp_path / APP).write_text("{}")
    (tmp_path / ".syncthing.Note.md.tmp").write_text("half")
    (tmp_path / "last.md").write_text("x")
    look.until(APP, "last.md", ".syncthing.Note.md.tmp")
    assert ".git/index" not in look.found and ".obsidian/workspace.json" not in look.found


def test_links_are_not_followed(look: Look, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (tmp_path / "way out").symlink_to(elsewhere)
    look.until("way out")
    (elsewhere / "n.md").write_text("x")
    (tmp_path / "last.md").write_text("x")
    look.until("last.md")
    assert not [path for path in look.found if "n.md" in path]


def test_it_ends_when_the_folder_goes_away(look: Look, tmp_path: Path) -> None:
    away = tmp_path.with_name(tmp_path.name + " away")
    tmp_path.rename(away)
    look.poller._thread.join(LONG)
    assert not look.poller.is_alive() and not look.found
    away.rename(tmp_path)


def test_a_folder_that_goes_away_in_the_middle_of_a_look_has_lost_no_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, scandir = tmp_path / "vault", os.scandir
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "b.md").write_text("b")
    poller = Poller(root, print)
    poller._look()
    known = poller._known

    def leaves(folder: Path) -> object:
        found = list(scandir(folder))
        if folder == root:
            root.rename(tmp_path / "away")
        return found

    monkeypatch.setattr(os, "scandir", leaves)
    with pytest.raises(FileNotFoundError):
        poller._look()
    assert poller._known == known


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Poller(tmp_path / "nowhere", print).start()
