"""`famulus serve`: the daemon from start to a clean end."""

import asyncio
import contextlib
import errno
import logging
import os
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Sequence

import uvicorn
from rich.console import Console
from rich.markup import escape

from agents.errors import AgentError
from daemon.app import build_app
from daemon.bus import BusEvent
from daemon.compose import Famulus, compose
from daemon.config import Settings
from daemon.ending import EndingMiddleware
from daemon.lock import Holder
from daemon.terminal.printing import Terminal
from daemon.terminal.progress import Progress
from vault_sync.index.records import NoteRecord

log = logging.getLogger(__name__)

_LOOKED_AT = 20
"""Notes that are looked at for one that has something to link."""
GRACE = 3
"""Seconds that open answers get at the end."""
_CUT = 2
"""Seconds that it may take to cut them off."""


class PortTakenError(AgentError):
    """Another program listens there."""

    code = "port_taken"


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises VaultError, ConfigError, PortTakenError."""
    asked = _Asked()
    with _listen(settings.server.host, settings.server.port) as listener:
        await _serve(compose(settings), listener, asked)


class _Asked:
    """Remembers a signal from the first moment on: uvicorn hears only those that come while it serves, and raises
    them again once it has ended.
    """

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None
        self.to_end = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: object) -> None:
        self.to_end = True
        if self.server is not None:
            self.server.should_exit = True

    def tell(self, server: uvicorn.Server) -> None:
        """From now on `server` is to end."""
        self.server = server
        server.should_exit = self.to_end


async def _serve(famulus: Famulus, listener: socket.socket, asked: _Asked) -> None:
    console = Terminal(stderr=True, highlight=False, soft_wrap=True)
    host, port = listener.getsockname()[:2]
    url = f"http://{_callable(host)}:{port}"
    console.print(f"[bold]Famulus[/bold] keeps [cyan]{escape(str(famulus.vault.root))}[/cyan] company.")
    app = EndingMiddleware(build_app(famulus))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE + _CUT, lifespan="on"
    )
    holder = Holder(os.getpid(), url, str(famulus.token_file))
    server = _Server(config, lambda: famulus.lock.announce(holder), famulus.bus.end_streams, app.cut)
    progress = Progress(shown=sys.stderr.isatty() or "FAMULUS_PROGRESS" in os.environ)
    ready = asyncio.get_running_loop().create_future()

    def heard(event: BusEvent) -> None:
        if event.name == "index.progress" and not ready.done():
            progress.update(event.data)
        elif event.name == "index.ready":
            ready.get_loop().call_soon_threadsafe(_settle, ready)

    famulus.bus.listen(heard)
    asked.tell(server)
    greeting = asyncio.create_task(_greet(console, famulus, url, ready, progress))
    try:
        await server.serve(sockets=[listener])
    finally:
        greeting.cancel()
        await asyncio.gather(greeting, return_exceptions=True)
        progress.stop()
        await famulus.close()
        console.print("Famulus has ended; nothing was left half done.")


def _settle(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


class _Server(uvicorn.Server):
    """Tells when it listens; at the end those who only listen are let go at once, answers after a while."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_listening: Callable[[], None],
        on_ending: Callable[[], None],
        cut: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_listening = on_listening
        self._on_ending = on_ending
        self._cut = cut

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_ending()
        late = asyncio.get_running_loop().call_later(GRACE, self._cut)
        await super().shutdown(sockets)
        late.cancel()


async def _greet(
    console: Console, famulus: Famulus, url: str, ready: "asyncio.Future[None]", progress: Progress
) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await ready
        progress.stop()
        notes, failed, chunks = famulus.ledger.counts()
        problems = f" [yellow]{failed} could not be read: run `famulus doctor`.[/yellow]" if failed else ""
        console.print(f"{notes} notes, {chunks} chunks, {famulus.indexer.embedded} embedded just now.{problems}\n")
        # an IPv6 address stands in brackets, and so may the name of a folder
        console.print(f"  Address  {url}   (API page: {url}/docs)", markup=False)
        console.print(f"  Token    {famulus.token_file}\n", markup=False)
        console.print("Three things to try in another terminal:")
        for line in await _things_to_try(famulus):
            console.print(f"  {line}", markup=False)
        console.print("\nEnd with Ctrl-C.")


async def _things_to_try(famulus: Famulus) -> list[str]:
    program = os.path.relpath(sys.argv[0]) if sys.argv[0].endswith("/famulus") else "famulus"
    vault = f"--vault {quoted(os.path.relpath(famulus.vault.root))}"
    notes = sorted((note for note in famulus.view.notes("chat") if note.state == "indexed"), key=lambda note: note.path)
    linkable = await asyncio.to_thread(_first_with_neighbours, famulus, notes)
    asked = linkable or next(iter(notes), None)
    if asked is None:
        return [f'write a first note into the vault, then: {program} search {vault} "its words"']
    other = next((note for note in notes if note.language != asked.language), asked)
    tries = [
        f"{program} ask {vault} {quoted(f'What do my notes say about {asked.title}?')}",
        f"{program} search {vault} {quoted(other.title)}",
    ]
    if linkable is None:
        return [*tries, f"{program} digest {vault} list"]
    if famulus.settings.linking.mode_for(linkable.path) != "auto":
        return [*tries, f"{program} link {vault} {quoted(linkable.path)} --dry-run"]
    file = os.path.relpath(famulus.vault.root / linkable.stamp.disk_path)
    return [*tries, f'echo "A new line." >> {quoted(file)}   # and see its links appear in the note']


def quoted(text: str) -> str:
    """The text as one word of a shell's command line, whatever it holds: people copy what they see."""
    return shlex.quote(text) if set(text) & set('"$`\\!\n') else f'"{text}"'


def _first_with_neighbours(famulus: Famulus, notes: Sequence[NoteRecord]) -> NoteRecord | None:
    return next((note for note in notes[:_LOOKED_AT] if famulus.linker.finds(note.path)), None)


def _callable(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


_LISTEN = {
    errno.EADDRINUSE: "End the program that listens there, or choose another with --port.",
    errno.EACCES: "Ports below 1024 are the system's: choose another with --port.",
}
"""What helps where the system lets nobody listen; else the address is not this machine's."""


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # with the protocol named asyncio switches Nagle's algorithm off, which holds small pieces back for 40 ms
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"Famulus can not listen at {host}:{port}.",
            f"The system says: {error.strerror}.",
            _LISTEN.get(error.errno or 0, "Name an address of this machine with --host, such as 127.0.0.1."),
        ) from error
    return listener
