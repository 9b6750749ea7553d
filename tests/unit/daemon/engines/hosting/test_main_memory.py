import subprocess
import sys
from pathlib import Path

from daemon.engines.hosting.main_memory import allocatable, main_memory


def test_main_memory_is_that_of_the_control_group_where_it_has_less(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  900 kB\n")
    assert main_memory(meminfo, tmp_path) == (1024000, 921600)
    (tmp_path / "memory.max").write_text("500000\n")
    (tmp_path / "memory.current").write_text("300000\n")
    (tmp_path / "memory.stat").write_text("anon 100000\nfile 200000\n")
    assert main_memory(meminfo, tmp_path) == (500000, 400000)
    (tmp_path / "memory.max").write_text("max\n")
    assert main_memory(meminfo, tmp_path) == (1024000, 921600)
    assert main_memory(tmp_path / "none", tmp_path) == (0, 0)


def test_this_machine_has_memory() -> None:
    total, free = main_memory()
    assert 0 < free <= total
    assert 0 < allocatable() <= total


def test_a_limit_of_addresses_leaves_less() -> None:
    code = "from daemon.engines.hosting.main_memory import allocatable; print(allocatable())"
    shell = f"ulimit -v 400000; exec {sys.executable} -c '{code}'"
    left = int(subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout)
    assert 0 < left < 400000 << 10
