"""A process for which the system's limits of inotify are lower, in a user namespace of its own. Nobody else is touched."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

WATCHES = Path("/proc/sys/user/max_inotify_watches")
INSTANCES = Path("/proc/sys/user/max_inotify_instances")


def confined(*, watches: int | None = None, instances: int | None = None) -> list[str]:
    """What to put before a command; the command is its namespace's root and may write both files itself."""
    if not possible():
        pytest.skip("no user namespace can be made here (unshare --user --map-root-user)")
    limits = {WATCHES: watches, INSTANCES: instances}
    lines = [f"echo {limit} > {file}" for file, limit in limits.items() if limit is not None]
    return ["unshare", "--user", "--map-root-user", "sh", "-c", " && ".join([*lines, 'exec "$@"']), "sh"]


@cache
def possible() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", f"echo 100 > {WATCHES} && cat {INSTANCES}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
