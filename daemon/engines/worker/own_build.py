"""Which Python runs a worker, and with what environment: each engine may have a build of llama.cpp of its own."""

import os
import sys
from pathlib import Path

from daemon.engines.spec import EngineSpec

_ROOT = Path(__file__).resolve().parents[3]
_HUGE_PAGES = "glibc.malloc.hugetlb=1"


def python_command(module: str, spec: EngineSpec | None = None) -> tuple[str, ...]:
    """The command that runs a module of ours. `-P` keeps the current folder from shadowing our packages."""
    own = str(Path(spec.python).expanduser()) if spec is not None and spec.python else sys.executable
    return (own, "-P", "-m", module)


def variables(spec: EngineSpec) -> dict[str, str]:
    """What the spec adds to the environment of its worker."""
    added = dict(spec.environment)
    if spec.huge_pages:
        # llama.cpp asks for no huge pages itself; the allocator below it can
        tunables = [added.get("GLIBC_TUNABLES", os.environ.get("GLIBC_TUNABLES", "")), _HUGE_PAGES]
        added["GLIBC_TUNABLES"] = ":".join(filter(None, tunables))
    return added


def base_environment() -> dict[str, str]:
    """The environment of every worker: ours, with our packages on the path."""
    path = os.environ.get("PYTHONPATH", "")
    # a backtrace by gdb would push the reason of an abort out of the last words;
    # OpenMP's threads spin while they wait; two workers that spin on the same cores are forty times slower
    paths = os.pathsep.join(part for part in (str(_ROOT), path) if part)
    return {"GOMP_SPINCOUNT": "500", "GGML_NO_BACKTRACE": "1", **os.environ, "PYTHONPATH": paths}
