"""From flags to the command that they name: its settings, its log, its exit code, and errors told in words."""

import argparse
import asyncio
import io
import logging
import logging.handlers
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rich.markup import escape

from agents.errors import AgentError
from daemon.config import ConfigError, Settings
from daemon.configfile import load
from daemon.envelope import describe
from daemon.interrupts import deadly
from daemon.terminal import commands, jobcommands, review
from daemon.terminal.printing import HarmlessFormatter, Terminal, in_json
from vault_sync.databases import durable
from vault_sync.errors import VaultError

Command = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]]

_ASKING: dict[str, Command] = {
    "index": commands.index,
    "search": commands.search,
    "why": commands.why,
    "ask": commands.ask,
    "eval": commands.evaluate,
    "link": commands.link,
    "jobs": jobcommands.jobs,
    "review": review.review,
    "undo": commands.undo,
    "digest": commands.digest,
}
"""Those that ask the API, so that beside a daemon nothing of it is imported."""


def command_of(name: str) -> Command:
    """What carries the command out. What looks at this machine itself is imported when it is asked for."""
    if name in _ASKING:
        return _ASKING[name]
    with deadly():
        from daemon.terminal import machine
    own: dict[str, Command] = {"serve": machine.serve, "doctor": machine.doctor, "models": machine.models}
    return own[name]


class SystemRefusedError(AgentError):
    """The system refused what Famulus asked of it, such as to make a folder."""

    code = "system"


def settings_from(arguments: argparse.Namespace) -> Settings:
    """The settings that flags, environment and file give together. Raises ConfigError."""
    server = {key: value for key in ("host", "port") if (value := getattr(arguments, key, None)) is not None}
    settings = load(arguments.config, vault=arguments.vault, data_dir=arguments.data_dir, server=server or None)
    return settings.model_copy(update={"data_dir": settings.data_dir.expanduser()})


def run(arguments: argparse.Namespace) -> int:
    """Do what was typed, and tell what went wrong in words. The exit code."""
    try:
        settings = settings_from(arguments)
        _log(settings, verbose=arguments.verbose, to_file=arguments.command == "serve")
        code = asyncio.run(command_of(arguments.command)(arguments, settings))
    except (VaultError, AgentError) as error:
        _tell(error, as_json=arguments.json)
        code = 2 if isinstance(error, ConfigError) else 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        logging.getLogger(__name__).info("The system refused something.", exc_info=True)
        _tell(_refused(error), as_json=arguments.json)
        code = 1
    return code


def _refused(error: OSError) -> SystemRefusedError:
    cause = f"The system says: {error.strerror or error}."
    if error.filename:
        cause = f"The system says of {error.filename}: {error.strerror}."
    return SystemRefusedError("Famulus can not go on.", cause, "Check the path, the rights and the free space there.")


def _tell(error: VaultError | AgentError, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(in_json(describe(error)))
        return
    console = Terminal(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]{escape(error.effect)}[/bold red]")
    for text in (error.cause, error.fix):
        if text:
            console.print(text, markup=False)


def _log(settings: Settings, *, verbose: bool, to_file: bool) -> None:
    logging.basicConfig(level=logging.INFO, handlers=handlers(settings, verbose=verbose, to_file=to_file), force=True)
    for noisy in ("httpx", "chromadb", "apscheduler", "watchdog", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def handlers(settings: Settings, *, verbose: bool, to_file: bool) -> list[logging.Handler]:
    """What writes the log to the screen, and to the daemon's file."""
    on_screen = logging.StreamHandler()
    on_screen.setLevel(logging.INFO if verbose else logging.WARNING)
    on_screen.setFormatter(HarmlessFormatter("%(levelname)s %(name)s: %(message)s"))
    return [on_screen, _log_file(settings.data_dir)] if to_file else [on_screen]


def _log_file(data_dir: Path) -> logging.Handler:
    """The daemon's log, which names notes: other users of the machine may not read it."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = _OwnersFile(data_dir / "famulus.log", maxBytes=5_000_000, backupCount=3, encoding="utf-8")
    file.setFormatter(HarmlessFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return file


class _OwnersFile(logging.handlers.RotatingFileHandler):
    def _open(self) -> io.TextIOWrapper:
        stream = super()._open()
        durable.private(Path(self.baseFilename))
        return stream
