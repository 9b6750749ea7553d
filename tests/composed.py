"""A whole Famulus in the test's own process, over a vault of made-up notes: no model runs, and nothing is the user's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from daemon.app import build_app
from daemon.compose import Famulus
from daemon.config import NotesSection, Settings, WritingSection
from tests.fakes.chat_engine import ScriptedEngine
from tests.fakes.embedder import WordEmbedder


class Build(Protocol):
    """Puts the notes into the vault and builds a Famulus for it that is not caught up yet, and is closed after the test."""

    def __call__(self, notes: Mapping[str, str | bytes] = ..., /, **sections: Any) -> Famulus: ...


def put(root: Path, notes: Mapping[str, str | bytes]) -> None:
    """Write the notes below this folder as they are, to the byte."""
    for path, text in notes.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())


def without_models(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Words are the embedder and silence is the writer, so that no process is started; locks lie in this folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.setattr("daemon.engines.hosting.host._build_embedder", lambda *_: WordEmbedder())
    monkeypatch.setattr(
        "daemon.engines.hosting.host._build_chat", lambda spec, _: ScriptedEngine(lambda _: "", spec.name)
    )


def settings_for(folder: Path, **sections: Any) -> Settings:
    """Settings for the vault in this folder: nothing watches it by events, and notes settle at once."""
    usual = {"notes": NotesSection(polling=True), "writing": WritingSection(settle_seconds=0)}
    return Settings(**{"vault": folder / "vault", "data_dir": folder / "data", **usual, **sections})


def asking(famulus: Famulus) -> httpx.AsyncClient:
    """A client of its routes that has the token; no port is opened."""
    transport = httpx.ASGITransport(build_app(famulus, serve=False), raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {famulus.token}"}
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)
