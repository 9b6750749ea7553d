"""Fixtures that more than one folder of tests needs."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.chroma_process import ChromaProcess
from tests.effort import QUICK, WHOLE

ROOT = Path(__file__).resolve().parents[1]

_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
"""Bytes that must be free there: some tests fill a vault, and each worker has its own."""


def pytest_configure(config: pytest.Config) -> None:
    """A quick run (`-m "not slow"`) tries few examples, and its files lie in memory, which syncs them for nothing.

    A whole run tries all examples, with the files on the disk.
    """
    quick = "not slow" in config.getoption("markexpr")
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile(QUICK if quick else WHOLE)
    if quick and "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def pytest_collection_finish() -> None:
    """What was imported and collected lives to the end: each look for garbage would go through all of it again."""
    gc.freeze()


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """The folder with real vaults and judged queries; the test is skipped where it is absent."""
    folder = Path(os.environ.get("FAMULUS_FIXTURES", ROOT.parent / "shared"))
    if not (folder / "vaults").is_dir():
        pytest.skip(f"no fixtures at {folder}; set FAMULUS_FIXTURES")
    return folder


@pytest.fixture(scope="session")
def chroma_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaProcess]:
    """A Chroma server that all tests of this process share; who ends it starts one of their own."""
    process = ChromaProcess(tmp_path_factory.mktemp("chroma-server"))
    yield process
    process.stop()
