"""Fixtures that more than one folder of tests needs."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """The folder with real vaults and judged queries; the test is skipped where it is absent."""
    folder = Path(os.environ.get("FAMULUS_FIXTURES", ROOT.parent / "shared"))
    if not (folder / "vaults").is_dir():
        pytest.skip(f"no fixtures at {folder}; set FAMULUS_FIXTURES")
    return folder
