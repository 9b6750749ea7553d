"""What `famulus doctor` looks at in an engine beyond its file: adapters, its own build, huge pages, and its room."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from agents.errors import AgentError, EngineError
from daemon.config import Settings
from daemon.engines.files.adapters import checked_adapters
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.devices import Devices, ask_llama
from daemon.engines.openai.server import Server
from daemon.engines.spec import EngineSpec
from daemon.engines.vllm.adapter import other_base, read_adapter
from daemon.lock import VaultLock
from daemon.models.planning import planned
from daemon.terminal.client import connect
from vault_sync.errors import VaultError
from vault_sync.vault import Vault

_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_ANSWERS = 5.0
_NODES = Path("/sys/devices/system/node")
Trouble = tuple[str, str]
"""What is wrong, and what to do."""


def troubles(spec: EngineSpec, *, huge_pages: Path = _HUGE_PAGES, nodes: Path = _NODES) -> Iterator[Trouble]:
    """What will not work as the spec says. Loads nothing; asks the spec's own build what it sees."""
    if spec.kind == "openai":
        yield from _served(spec)
    if spec.kind == "vllm":
        yield from _vllm_adapter(spec)
    if spec.kind != "llama_cpp":
        return
    if spec.python:
        yield from _build(spec)
    if spec.lora:
        yield from _adapters(spec)
    if spec.huge_pages:
        yield from _pages(huge_pages)
    if spec.numa and len(list(nodes.glob("node[0-9]*"))) < 2:
        yield f"numa is {spec.numa!r}, and this machine has one node of memory.", "Leave the key out: it does nothing."


async def held_by_daemon(settings: Settings) -> dict[str, int]:
    """What the engines of a daemon that runs for the vault hold of each device, in MiB by name; nothing without one."""
    holder = VaultLock(Vault(settings.vault).id).holder() if settings.vault and settings.vault.is_dir() else None
    if holder is None or not holder.url:
        return {}
    try:
        async with connect(settings) as client:
            devices = (await client.get("/api/health"))["devices"]
    except (AgentError, VaultError, OSError):
        return {}
    return {device["name"]: sum(device["engines"].values()) for device in devices}


def unplaced(
    settings: Settings, devices: Devices | None = None, held: Mapping[str, int] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Name, cause and fix of each engine that fits nowhere; `held` as in daemon/models/planning.py."""
    for line in planned(settings, devices, held).engines:
        if line.standing == "refused":
            yield line.name, line.cause, line.fix


def _build(spec: EngineSpec) -> Iterator[Trouble]:
    if shutil.which(str(Path(spec.python).expanduser())) is None:
        yield f"There is no Python {spec.python}.", "Correct `python`: the path of bin/python in a virtual environment."
    elif not ask_llama(spec):
        fix = "Install the same version of llama-cpp-python there; the log has what it said."
        yield f"The llama.cpp of {spec.python} can not be used.", fix


def _served(spec: EngineSpec) -> Iterator[Trouble]:
    """Whether the server answers and takes the key. Which models it has is not asked: names have short forms."""
    server = Server(spec)
    try:
        headers = server.headers()
        answer = httpx.get(f"{server.url}/models", headers=headers, timeout=_ANSWERS, trust_env=server.proxied)
    except EngineError as error:
        yield error.cause, error.fix
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        found = server.unreachable(error)
        yield found.cause, found.fix
    else:
        if answer.status_code in (401, 403):
            found = server.refused_key(answer.text)
            yield found.cause, found.fix


def _adapters(spec: EngineSpec) -> Iterator[Trouble]:
    try:
        checked_adapters(spec, resolve_model(spec))
    except EngineError as error:
        yield f"{error.effect} {error.cause}", error.fix


def _vllm_adapter(spec: EngineSpec) -> Iterator[Trouble]:
    try:
        adapter = read_adapter(spec)
    except EngineError as error:
        yield f"{error.effect} {error.cause}", error.fix
        return
    if adapter and (base := other_base(adapter, spec.model)):
        fix = "Name an adapter of this model, unless both names stand for the same weights."
        yield f"The adapter {adapter.folder} says it is for {base}, and the model is {spec.model}.", fix


def _pages(enabled: Path) -> Iterator[Trouble]:
    try:
        mode = enabled.read_text()
    except OSError:
        mode = "[never]"
    if "[never]" in mode:
        fix = f"Run `echo madvise > {enabled}` as root, or leave the key out."
        yield "huge_pages is set, and the kernel gives none.", fix
    if not _allocator_can():
        yield "huge_pages is set, and the C library can not ask for them.", "It takes glibc 2.35 or newer."


def _allocator_can() -> bool:
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION") or ""
        major, minor = version.rpartition(" ")[2].split(".")[:2]
        return (int(major), int(minor)) >= (2, 35)
    except (ValueError, OSError):
        return False
