"""What Famulus costs in front of a server that costs nothing, beside LiteLLM's proxy, and beside no gateway at all.

    python -m tests.bench.gateway [ROUNDS] [--ours]

Server, gateways and clients are processes of their own. They are asked in turns, so that a busy machine is busy for all;
LiteLLM runs in `.venv-peers`, or in the environment that `FAMULUS_PEERS` names.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from tests.bench.gateway_client import Timing
from tests.process import ROOT, Daemon, environment

PEERS = Path(os.environ.get("FAMULUS_PEERS", ROOT / ".venv-peers"))
CLIENTS = (1, 8, 32)
ROUNDS = 5
TOKENS = 200
"""Of each answer: a tenth of a second at the server's pace."""
DIRECT, OURS, PEER = "the server itself", "Famulus", "LiteLLM"
_TICK = os.sysconf("SC_CLK_TCK")
_SETTINGS = """
[linking]
mode = "off"
[roles]
planner = "far"
coder = "far"
[engines.far]
kind = "openai"
model = "big"
url = "{url}"
"""
_PEER_SETTINGS = """
model_list:
  - model_name: far
    litellm_params: {{model: openai/big, api_base: "{url}", api_key: none}}
general_settings: {{master_key: sk-bench}}
litellm_settings: {{telemetry: false}}
"""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where to ask, and the process that answers, 0 for none."""

    name: str
    url: str
    key: str
    model: str
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """Medians over the rounds: milliseconds to the first token, microseconds for each further token of one stream, and
    microseconds of the gateway's processor time for each token. Overheads are those over the server itself."""

    gateway: str
    clients: int
    first_ms: float
    token_us: float
    first_overhead_ms: float
    token_overhead_us: float
    cpu_token_us: float


def compare(rounds: int = ROUNDS, *, peer: bool = True) -> list[Row]:
    """Every gateway with every number of clients."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_upstream())
        gateways = [Gateway(DIRECT, url, "none", "big"), stack.enter_context(_famulus(home, url))]
        if peer:
            gateways.append(stack.enter_context(_litellm(home, url)))
        for gateway in gateways:
            _asked(gateway, 8, 4)
        return [row for clients in CLIENTS for row in _rows(gateways, clients, rounds)]


def _rows(gateways: Sequence[Gateway], clients: int, rounds: int) -> list[Row]:
    requests = max(1, 16 // clients)
    found: dict[str, list[tuple[float, float, float]]] = {gateway.name: [] for gateway in gateways}
    for number in range(rounds):
        for gateway in gateways if number % 2 == 0 else reversed(gateways):
            before = _processor_seconds(gateway.pid)
            timing = _asked(gateway, clients, requests)
            spent = (_processor_seconds(gateway.pid) - before) / (len(timing.first) * TOKENS)
            found[gateway.name].append((median(timing.first), median(timing.token), spent))
    middle = {name: [median(column) for column in zip(*each, strict=True)] for name, each in found.items()}
    first, token, _ = middle[DIRECT]
    return [
        Row(
            *(name, clients, round(each[0] * 1e3, 2), round(each[1] * 1e6, 1)),
            round((each[0] - first) * 1e3, 2),
            round((each[1] - token) * 1e6, 1),
            round(each[2] * 1e6, 1),
        )
        for name, each in middle.items()
    ]


def _asked(gateway: Gateway, clients: int, requests: int) -> Timing:
    numbers = [str(clients), str(requests), str(TOKENS)]
    command = [sys.executable, "-m", "tests.bench.gateway_client", gateway.url, gateway.key, gateway.model, *numbers]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{gateway.name}: {done.stderr}")
    timing = Timing(**json.loads(done.stdout))
    if timing.tokens != len(timing.first) * TOKENS:
        raise RuntimeError(f"{gateway.name}: {timing.tokens} tokens came of {len(timing.first) * TOKENS}")
    return timing


def _processor_seconds(pid: int) -> float:
    """Of a process and all that it started."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / _TICK + sum(_processor_seconds(int(child)) for child in below)


@contextmanager
def _upstream() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.gateway_upstream"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.terminate()


@contextmanager
def _famulus(home: Path, url: str) -> Iterator[Gateway]:
    (home / "vault").mkdir()
    (home / "vault" / "Fox.md").write_text("# Fox\n\nIt is red.\n")
    (home / "famulus.toml").write_text(_SETTINGS.format(url=url))
    daemon = Daemon(home / "vault", home, "--config", str(home / "famulus.toml")).ready()
    try:
        token = (daemon.data_dir / "token").read_text().strip()
        yield Gateway(OURS, f"{daemon.url}/v1", token, "far", daemon.process.pid)
    finally:
        daemon.end()


@contextmanager
def _litellm(home: Path, url: str) -> Iterator[Gateway]:
    settings, log = home / "litellm.yaml", home / "litellm.log"
    settings.write_text(_PEER_SETTINGS.format(url=url))
    port = _free_port()
    command = [str(PEERS / "bin" / "litellm"), "--config", str(settings), "--host", "127.0.0.1", "--port", str(port)]
    calm = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"}
    with log.open("w") as told:
        process = subprocess.Popen(
            command,
            env={**environment(home), **calm, "PYTHONPATH": ""},
            stdout=told,
            stderr=told,
            start_new_session=True,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health/liveliness", process, log)
        yield Gateway(PEER, f"http://127.0.0.1:{port}/v1", "sk-bench", "far", process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            if httpx.get(url).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError(f"LiteLLM does not answer: {log.read_text()[-2000:]}")


def _free_port() -> int:

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def table(rows: Sequence[Row]) -> str:
    """As Markdown, with our overhead as a share of LiteLLM's."""
    lines = [
        "| Clients | | First token, ms | over the server, ms | Token, µs | over the server, µs | Processor, µs a token |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.clients} | {row.gateway} | {row.first_ms:.2f} | {row.first_overhead_ms:.2f} | {row.token_us:.0f} | "
        f"{row.token_overhead_us:.0f} | {row.cpu_token_us:.1f} |"
        for row in rows
    ]
    return "\n".join([*lines, "", *_shares(rows)])


def _shares(rows: Sequence[Row]) -> Iterator[str]:
    by = {(row.gateway, row.clients): row for row in rows}
    for clients in sorted({row.clients for row in rows}):
        if (peer := by.get((PEER, clients))) is not None:
            ours = by[OURS, clients]
            yield (
                f"- {clients} clients: {ours.first_overhead_ms / peer.first_overhead_ms:.1%} of LiteLLM's overhead to the "
                f"first token, {ours.token_overhead_us / peer.token_overhead_us:.1%} of that for each further token, "
                f"{ours.cpu_token_us / peer.cpu_token_us:.1%} of its processor time."
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    parser.add_argument("--ours", action="store_true", help="without LiteLLM")
    given = parser.parse_args()
    print(table(compare(given.rounds, peer=not given.ours)))
