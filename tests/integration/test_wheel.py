"""What `pip install` puts on a machine that has no copy of the repository."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.process import ROOT

pytestmark = pytest.mark.slow

PACKAGES = ("agents", "daemon", "vault_sync")


def test_a_wheel_holds_all_that_the_packages_are_made_of(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in (*PACKAGES, "prompts"):
        # Whoever imports a module for the first time meanwhile puts compiled files there, and takes others away.
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("famulus-*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = (file for name in (*PACKAGES, "prompts") for file in (ROOT / name).rglob("*") if file.is_file())
    assert held == {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}
