"""The command line. Exit codes: 0 done, 1 failed, 2 used wrongly."""

import argparse
import asyncio
import json
import logging
import logging.handlers
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.errors import AgentError
from daemon import __version__, commands, jobcommands, review
from daemon.config import ConfigError, Settings, load
from daemon.errors import describe
from vault_sync.errors import VaultError

Command = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]]


def build_parser() -> argparse.ArgumentParser:
    """All commands with their flags."""
    parser = argparse.ArgumentParser(prog="famulus", description="Keeps an Obsidian vault company on your own machine.")
    parser.add_argument("--version", action="version", version=f"famulus {__version__}")
    adds = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = _common()
    late = _late()

    def command(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        sub = adds.add_parser(name, help=text, description=text, parents=[common])
        sub.set_defaults(run=run)
        return sub

    serve = command("serve", commands.serve, "Watch the vault, keep its index, answer over HTTP.")
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (default 8000; 0 for any)")
    command("index", commands.index, "Bring the index up to date once.")
    search = command("search", commands.search, "Find passages by words and by meaning.")
    search.add_argument("query")
    _search_flags(search)
    search.add_argument(
        "--rerank",
        action=argparse.BooleanOptionalAction,
        help="whether the reranker orders the first passages (default: where an engine has that role)",
    )
    why = command("why", commands.why, "Say why a search does not find a note, or where the note stands.")
    why.add_argument("query")
    why.add_argument("note", help="path or title of the note that was expected")
    _filter_flags(why)
    ask = command("ask", commands.ask, "Ask the vault a question; the answer cites its notes.")
    ask.add_argument("question")
    ask.add_argument("--note", default=None, help="ask about this note only")
    ask.add_argument("--model", default="famulus", help="famulus, a role (planner, coder) or an engine")
    evaluate = command("eval", commands.evaluate, "Measure search and related notes on your own vault.")
    evaluate.add_argument("--queries", type=int, default=100, help="questions of each kind (default 100)")
    evaluate.add_argument("--seed", type=int, default=0, help="which questions are drawn (default 0)")
    evaluate.add_argument("--compare", action="store_true", help="try other weights, and say what to change")
    evaluate.add_argument(
        "--deep", action="store_true", help="try other chunk sizes and embedders, which takes minutes"
    )
    _link(command("link", commands.link, "Propose links for a note, or for the whole vault."))
    _jobs(command("jobs", jobcommands.jobs, "List jobs over the whole vault, and tell them what to do."), late)
    text = "Go through the suggestions; or list, accept and reject them."
    review.add_arguments(command("review", review.review, text), late)
    _undo(command("undo", commands.undo, "Take back what Famulus wrote; without a choice, list it."))
    _digest(command("digest", commands.digest, "List digest notes, or run one now."), late)
    _doctor(command("doctor", commands.doctor, "Say what is wrong with the set-up or the index, and what to do."))
    _models(command("models", commands.models, "List or fetch the models that the configuration names."), late)
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--vault", type=Path, help="the vault's folder (or FAMULUS_VAULT)")
    common.add_argument("--data-dir", type=Path, help="where everything derived is kept, never in the vault")
    common.add_argument("--config", type=Path, help="famulus.toml (default: in your configuration folder)")
    common.add_argument("--json", action="store_true", help="print what the API would answer, and nothing else")
    common.add_argument("--verbose", action="store_true", help="say more of what happens")
    return common


def _late() -> argparse.ArgumentParser:
    """The common flags once more, for behind an action; there they have no defaults, which would undo earlier ones."""
    late = _common()
    for action in late._actions:
        action.default = argparse.SUPPRESS
    return late


def _search_flags(search: argparse.ArgumentParser) -> None:
    search.add_argument("-k", type=int, default=5, help="how many passages (default 5)")
    search.add_argument("--mode", choices=("hybrid", "lexical", "dense"), default="hybrid")
    _filter_flags(search)


def _filter_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("--folder", default="", help="only notes in this folder")
    command.add_argument("--tag", default="", help="only notes with this tag")
    command.add_argument("--after", default="", help="only notes changed on or after this day (YYYY-MM-DD)")
    command.add_argument("--before", default="", help="only notes changed on or before this day (YYYY-MM-DD)")


def _link(link: argparse.ArgumentParser) -> None:
    link.add_argument("note", nargs="?", help="path or title of a note")
    link.add_argument("--section", metavar="NAME", help="only this section, also where it was refused before")
    link.add_argument("--dry-run", action="store_true", help="show the proposals and keep nothing")
    link.add_argument("--all", action="store_true", help="the whole vault: a job that asks before it writes")
    link.add_argument("--folder", default="", help="with --all: only notes in this folder")
    link.add_argument("--kinds", default="", help="with --all: kinds of suggestions, with commas (default: all)")
    link.add_argument("--review", action="store_true", help="with --all: put into the inbox instead of writing")
    link.add_argument(
        "--sample", type=int, default=30, help="with --all: how many are shown for yes or no (default 30)"
    )
    link.add_argument("--seed", type=int, default=0, help="with --all: which ones are drawn (default 0)")
    link.add_argument("--estimate", action="store_true", help="with --all: estimate, and begin later")
    link.add_argument("--yes", action="store_true", help="with --all: begin the dry run without asking")


def _jobs(jobs: argparse.ArgumentParser, late: argparse.ArgumentParser) -> None:
    actions = jobs.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="show the jobs", parents=[late])
    for name, text in (
        ("show", "show one job"),
        ("judge", "say yes or no to its sample"),
        ("apply", "apply what you accepted and what reaches the threshold"),
        ("pause", "stop after the present note"),
        ("resume", "go on"),
        ("cancel", "end it for good"),
    ):
        action = actions.add_parser(name, help=text, parents=[late])
        action.add_argument("id", nargs="?", metavar="ID", help="the job (default: the open one, else the newest)")
        if name in ("apply", "judge"):
            action.add_argument(
                "--threshold", action="append", metavar="X", help="least score, or KIND=X (default: as proposed)"
            )
            action.add_argument("--review", action="store_true", help="put into the inbox instead of writing")


def _undo(undo: argparse.ArgumentParser) -> None:
    undo.add_argument("--edit", type=int, action="append", default=[], metavar="ID", help="this write; may be repeated")
    undo.add_argument("--note", default="", metavar="PATH", help="all writes to this note or folder")
    undo.add_argument(
        "--feature", default="", help="all writes of a feature (link, mention, properties, section, digest, undo, …)"
    )
    undo.add_argument("--run", dest="of_run", default="", help="all writes of one run")
    undo.add_argument("--day", type=date.fromisoformat, help="all writes of a day (YYYY-MM-DD)")
    undo.add_argument("--dry-run", action="store_true", help="show what would change and change nothing")


def _digest(digest: argparse.ArgumentParser, late: argparse.ArgumentParser) -> None:
    actions = digest.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="show the digest notes", parents=[late])
    actions.add_parser("run", help="run a digest now", parents=[late]).add_argument(
        "name", help="its note's title or path"
    )


def _doctor(doctor: argparse.ArgumentParser) -> None:
    what = doctor.add_mutually_exclusive_group()
    what.add_argument(
        "--verify", action="store_true", help="compare notes and index, and mend what can be mended without embedding"
    )
    what.add_argument(
        "--replace-state",
        action="store_true",
        help="put the newest backup in place of a state.db that can not be used, which is kept",
    )


def _models(models: argparse.ArgumentParser, late: argparse.ArgumentParser) -> None:
    actions = models.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="show the models and whether they are here", parents=[late])
    pull = actions.add_parser("pull", help="fetch models", parents=[late])
    pull.add_argument("name", nargs="?", help="an engine's name; all of the configuration without one")
    pull.add_argument("--starter", action="store_true", help="fetch the starter models")


def settings_from(arguments: argparse.Namespace) -> Settings:
    """The settings that flags, environment and file give together. Raises ConfigError."""
    settings = load(arguments.config, vault=arguments.vault, data_dir=arguments.data_dir)
    server = settings.server.model_copy(
        update={key: value for key in ("host", "port") if (value := getattr(arguments, key, None)) is not None}
    )
    return settings.model_copy(update={"server": server, "data_dir": settings.data_dir.expanduser()})


def main() -> None:
    """The program."""
    arguments = build_parser().parse_args()
    try:
        settings = settings_from(arguments)
        _log(settings, verbose=arguments.verbose, to_file=arguments.command == "serve")
        code = asyncio.run(arguments.run(arguments, settings))
    except (VaultError, AgentError) as error:
        _tell(error, as_json=arguments.json)
        code = 2 if isinstance(error, ConfigError) else 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    raise SystemExit(code)


def _tell(error: VaultError | AgentError, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(describe(error), ensure_ascii=False) + "\n")
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]{error.effect}[/bold red]")
    for text in (error.cause, error.fix):
        if text:
            console.print(text, markup=False)


def _log(settings: Settings, *, verbose: bool, to_file: bool) -> None:
    on_screen = logging.StreamHandler()
    on_screen.setLevel(logging.INFO if verbose else logging.WARNING)
    on_screen.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handlers: list[logging.Handler] = [on_screen]
    if to_file:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            settings.data_dir / "famulus.log", maxBytes=5_000_000, backupCount=3, encoding="utf-8"
        )
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handlers.append(file)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    for noisy in ("httpx", "chromadb", "apscheduler", "watchdog", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
