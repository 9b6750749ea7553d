"""The command line: what can be typed. Exit codes: 0 done, 1 failed, 2 used wrongly.

Nothing is imported here but what reads flags, so that `--help`, `--version` and what was typed wrongly answer at once.
"""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from daemon import __version__
from daemon.interrupts import deadly

_STATES = ("pending", "applied", "rejected", "stale", "all")


def main() -> None:
    """The program."""
    arguments = build_parser().parse_args()
    with deadly():
        from daemon.terminal import running
    raise SystemExit(running.run(arguments))


def build_parser() -> argparse.ArgumentParser:
    """All commands with their flags."""
    parser = argparse.ArgumentParser(prog="famulus", description="Keeps an Obsidian vault company on your own machine.")
    parser.add_argument("--version", action="version", version=f"famulus {__version__}")
    adds = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = _common()
    late = _late()

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return adds.add_parser(name, help=text, description=text, parents=[common])

    serve = command("serve", "Watch the vault, keep its index, answer over HTTP.")
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (default 8000; 0 for any)")
    command("index", "Bring the index up to date once.")
    search = command("search", "Find passages by words and by meaning.")
    search.add_argument("query", type=_some)
    _search_flags(search)
    search.add_argument(
        "--rerank",
        action=argparse.BooleanOptionalAction,
        help="whether the reranker orders the first passages (default: where an engine has that role)",
    )
    why = command("why", "Say why a search does not find a note, or where the note stands.")
    why.add_argument("query", type=_some)
    why.add_argument("note", help="path or title of the note that was expected")
    _filter_flags(why)
    ask = command("ask", "Ask the vault a question; the answer cites its notes.")
    ask.add_argument("question", type=_some)
    ask.add_argument("--note", default=None, help="ask about this note only")
    ask.add_argument("--model", default="famulus", help="famulus, a role (planner, coder) or an engine")
    evaluate = command("eval", "Measure search and related notes on your own vault.")
    evaluate.add_argument("--queries", type=int, default=100, help="questions of each kind (default 100)")
    evaluate.add_argument("--seed", type=int, default=0, help="which questions are drawn (default 0)")
    evaluate.add_argument("--compare", action="store_true", help="try other weights, and say what to change")
    evaluate.add_argument(
        "--deep", action="store_true", help="try other chunk sizes and embedders, which takes minutes"
    )
    _link(command("link", "Propose links for a note, or for the whole vault."))
    _jobs(command("jobs", "List jobs over the whole vault, and tell them what to do."), late)
    text = "Go through the suggestions; or list, accept and reject them."
    _review(command("review", text), late)
    _undo(command("undo", "Take back what Famulus wrote; without a choice, list it."))
    _digest(command("digest", "List digest notes, or run one now."), late)
    _doctor(command("doctor", "Say what is wrong with the set-up or the index, and what to do."))
    _models(
        command("models", "List, fetch, place or measure the models that the configuration names."),
        late,
    )
    return parser


def _some(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: give some words or a question")
    return text


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


def _review(review: argparse.ArgumentParser, late: argparse.ArgumentParser) -> None:
    _inbox_filters(review)
    review.add_argument("--why", action="store_true", help="say what is shown and written, and what taught it")
    actions = review.add_subparsers(dest="action", metavar="ACTION")
    listed = actions.add_parser("list", help="show suggestions", parents=[late])
    listed.add_argument("--state", choices=_STATES, default="pending")
    listed.add_argument("--limit", type=int, default=200, help="how many (default 200)")
    listed.add_argument("--offset", type=int, default=0, help="how many to leave out before them")
    listed.add_argument("--all", "--hidden", dest="hidden", action="store_true", help="also those with too low a score")
    _inbox_filters(listed)
    for name, text in (
        ("accept", "write suggestions into their notes"),
        ("reject", "refuse suggestions for good"),
        ("restore", "take rejections back: the suggestions wait again"),
    ):
        _decision(actions.add_parser(name, help=text, parents=[late]))
    actions.add_parser("why", help="say what is shown and written, and what taught it", parents=[late])
    reset = actions.add_parser("reset", help="forget what your decisions taught about a kind", parents=[late])
    reset.add_argument("of_kind", metavar="KIND")


def _inbox_filters(command: argparse.ArgumentParser) -> None:
    suppressed: Any = argparse.SUPPRESS
    command.add_argument("--folder", default=suppressed, help="only for notes in this folder, or this note")
    command.add_argument("--kind", default=suppressed, help="only this kind (link, mention, properties, …)")
    command.add_argument("--target", default=suppressed, metavar="PATH", help="only links to this note")
    command.add_argument("--min-score", type=float, default=suppressed, help="only with this score or a higher one")
    command.add_argument("--max-score", type=float, default=suppressed, help="only with this score or a lower one")


def _decision(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="*", metavar="ID", help="an id or its beginning; or say which by the flags")
    _inbox_filters(command)
    command.add_argument("--state", choices=("pending", "stale", "rejected"), help="only in this state")
    command.add_argument("--all", dest="everything", action="store_true", help="all that the list shows")
    command.add_argument("--hidden", action="store_true", help="also those with too low a score")
    command.add_argument("--yes", action="store_true", help="do not ask first")
    command.add_argument("--dry-run", action="store_true", help="say how many are meant, and decide nothing")


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
    actions.add_parser("plan", help="say what fits on which device, with the numbers", parents=[late])
    bench = actions.add_parser("bench", help="measure answers alone and with 8 and 32 clients", parents=[late])
    bench.add_argument("name", nargs="?", help="an engine's name; all that chat without one")
    bench.add_argument(
        "--bandwidth", type=float, default=0.0, metavar="GB/S", help="of the device's memory, to compare with"
    )
