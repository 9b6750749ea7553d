"""A vault, a Famulus over it, and a client: a module says what is in them by a fixture `famulus` of its own."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from daemon.compose import Famulus, compose
from tests.composed import Build, asking, put, settings_for, without_models


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The vault's folder."""
    (tmp_path / "vault").mkdir(exist_ok=True)
    return tmp_path / "vault"


@pytest.fixture
async def build(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Build]:
    without_models(monkeypatch, tmp_path / "state")
    built: list[Famulus] = []

    def build(notes: Mapping[str, str | bytes] = {}, /, **sections: Any) -> Famulus:
        put(root, notes)
        built.append(compose(settings_for(tmp_path, **sections)))
        return built[-1]

    yield build
    for famulus in built:
        await famulus.close()


@pytest.fixture
async def client(famulus: Famulus) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(famulus) as client:
        yield client
