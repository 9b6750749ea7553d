"""Fixtures that more than one folder of tests needs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chroma_process import ChromaProcess

ROOT = Path(__file__).resolve().parents[1]


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
