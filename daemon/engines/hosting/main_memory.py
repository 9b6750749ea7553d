"""How much main memory there is, and how much this process may still take: standard library alone, for workers too."""

import re
import resource
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
Memory = tuple[int, int]
"""Total and free bytes."""


def main_memory(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = _CGROUP) -> Memory:
    """Main memory that this process may have: of the machine, or of its control group where that has less."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        total, free = (int(lines[key].split()[0]) * 1024 for key in ("MemTotal", "MemAvailable"))
    except (OSError, KeyError, ValueError):
        return 0, 0
    try:
        most = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        cached = re.search(r"^file (\d+)$", (cgroup / "memory.stat").read_text(), re.MULTILINE)
    except (OSError, ValueError):  # "max": no limit
        return total, free
    own = most - used + (int(cached.group(1)) if cached else 0)
    return min(total, most), max(0, min(free, own))


def allocatable(status: Path = Path("/proc/self/status")) -> int:
    """Bytes that this process may still take: what is free, or what its limit of addresses leaves; 0 if not known."""
    free = main_memory()[1]
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return free
    try:
        found = re.search(r"^VmSize:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
    except OSError:
        return free
    left = max(0, limit - (int(found.group(1)) << 10 if found else 0))
    return min(free, left) if free else left
