import asyncio
import io
import socket
import subprocess

import pytest

from daemon.serve import PortTakenError, _greet, _listen, quoted
from daemon.terminal.printing import Terminal
from daemon.terminal.progress import Progress
from tests.composed import Build


async def test_small_pieces_are_not_held_back() -> None:
    seen: list[int] = []

    class Look(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            sock: socket.socket = transport.get_extra_info("socket")
            seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listener = _listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(Look, sock=listener)
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    await reader.read()
    writer.close()
    server.close()
    await server.wait_closed()
    assert seen and seen[0]


def test_an_address_of_another_machine_is_not_a_port_that_is_taken() -> None:
    with pytest.raises(PortTakenError) as caught:
        _listen("192.0.2.1", 0)
    assert "--host" in caught.value.fix


async def test_an_address_in_brackets_is_shown(build: Build) -> None:
    famulus, shown = build({"Anchor.md": "It holds."}), io.StringIO()
    famulus.upkeep.catch_up()
    begun = asyncio.get_running_loop().create_future()
    begun.set_result(None)
    await _greet(Terminal(file=shown, soft_wrap=True), famulus, "http://[fd00::1]:8000", begun, Progress(shown=False))
    assert "http://[fd00::1]:8000 " in shown.getvalue()


def test_a_title_is_no_command() -> None:
    for title in ("$(touch x)", "`touch x`", 'a"b', "it's $HOME", "$- dollar"):
        line = subprocess.run(["sh", "-c", f"printf %s {quoted(title)}"], capture_output=True, text=True, check=True)
        assert line.stdout == title
    assert quoted("What is it?") == '"What is it?"'
