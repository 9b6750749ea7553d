"""Which settings a running daemon goes by, told and compared without saying what they are."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.config import Settings

_APART = {"vault", "data_dir"}
"""Told on their own."""
_ADDRESS = {"host", "port"}
"""What `serve` is often told by flags, and what no finding depends on."""


def told(settings: Settings) -> dict[str, Any]:
    """For `/api/health`: the file (null where there is none), the data folder, and a digest of each section."""
    return {
        "file": str(settings.file) if settings.file else None,
        "data_dir": str(settings.data_dir.expanduser().resolve()),
        "sections": _digests(settings),
    }


def unlike(settings: Settings, daemon: Mapping[str, Any]) -> tuple[str, str]:
    """How these settings differ from what a daemon has told, in words, and what to do; empty where they do not."""
    mine = told(settings)
    if any(mine[key] != daemon[key] for key in ("file", "data_dir")):
        config = f" --config {shlex.quote(daemon['file'])}" if daemon["file"] else ""
        command = f"`famulus doctor{config} --data-dir {shlex.quote(daemon['data_dir'])}`"
        return (
            "What is said here of settings, models and data folder is not what the daemon goes by. "
            f"It uses {_named(daemon)}; looked at were {_named(mine)}.",
            f"Run {command}{'' if config else ' without a famulus.toml'} to look at what it uses, or start the daemon "
            "again with what you mean it to use.",
        )
    names = sorted(mine["sections"].keys() | daemon["sections"].keys())
    changed = [name for name in names if mine["sections"].get(name) != daemon["sections"].get(name)]
    if not changed:
        return "", ""
    return (
        f"The daemon goes by other settings than hold now, in: {', '.join(changed)}. The file, the environment or the "
        "flags are not those with which it was started.",
        "Start the daemon again, so that it reads them.",
    )


def _named(of: Mapping[str, Any]) -> str:
    return f"{of['file'] or 'no famulus.toml'} and the data in {Path(of['data_dir'])}"


def _digests(settings: Settings) -> dict[str, str]:
    sections = settings.model_dump(mode="json", exclude={**dict.fromkeys(_APART, True), "server": _ADDRESS})
    return {name: _digest(section) for name, section in sections.items()}


def _digest(section: Any) -> str:
    return hashlib.sha256(json.dumps(section, sort_keys=True).encode()).hexdigest()[:16]
