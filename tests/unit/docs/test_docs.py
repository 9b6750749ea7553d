"""What the documents say is checked against the files, the settings and the command line."""

import argparse
import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest

from daemon import cli, configfile

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    + [page for page in DOCS.rglob("*.md") if DOCS / "sample-vault" not in page.parents]
)
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"^(?: {4,}|\s*\d+\. )?`?(famulus (?!toml)[a-z][^`#\n]*)", re.MULTILINE)
_FILE = re.compile(r"`((?:daemon|agents|vault_sync|tests|docs)/[\w/-]+\.(?:py|toml|md|json))`")
_INLINE = re.compile(r"`(famulus [a-z][^`\n]*)`")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _anchor(heading: str) -> str:
    """The fragment that a forge gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).strip().lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = page.parent / unquote(path) if path else page
        assert file.exists(), f"{_name(page)} links to {target}, which is not there"
        if fragment:
            headings = re.findall(r"^#+ +(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in map(_anchor, headings), f"{_name(page)} links to {target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    named = set(_FILE.findall(page.read_text(encoding="utf-8")))
    missing = sorted(name for name in named if not (ROOT / name).is_file())
    assert not missing, f"{_name(page)} names {', '.join(missing)}"


@pytest.mark.parametrize("profile", sorted((DOCS / "profiles").glob("*.toml")), ids=_name)
def test_profiles_are_valid_settings(profile: Path) -> None:
    settings = configfile.load(profile)
    assert {spec.name for spec in settings.engine_specs()} >= set(settings.roles.values())


_TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if _TOML.search(page.read_text(encoding="utf-8"))], ids=_name)
def test_settings_that_a_page_shows_are_valid(page: Path, tmp_path: Path) -> None:
    for number, shown in enumerate(_TOML.findall(page.read_text(encoding="utf-8"))):
        file = tmp_path / f"{number}.toml"
        file.write_text(shown, encoding="utf-8")
        configfile.load(file)


def test_demo_links_by_itself_but_not_in_journal_and_digests() -> None:
    linking = configfile.load(DOCS / "profiles" / "demo.toml").linking
    assert linking.mode_for("Home/Кофе.md") == "auto"
    assert linking.mode_for("Journal/2026-09-12.md") == "off"
    assert linking.mode_for("Digests/Weekly digest.md") == "off"


def _commands(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    found = _COMMAND.findall(text) + _INLINE.findall(text)
    return sorted({command.strip() for command in found})


COMMANDS = [
    pytest.param(command, id=f"{_name(page)}: {command}")
    for page in [*PAGES, *sorted((DOCS / "sample-vault").glob("*.md"))]
    for command in _commands(page)
]


def test_the_documents_show_commands() -> None:
    shown = {str(parameter.values[0]).split()[1] for parameter in COMMANDS}
    assert {"search", "why", "eval", "ask", "link", "review", "digest", "doctor", "models", "serve"} <= shown


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_known_to_the_parser(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = cli.build_parser()
    arguments = shlex.split(command)[1:]
    known = _subcommands(parser)
    assert arguments[0] in known, f"`{command}`: the parser knows {', '.join(sorted(known))}"
    if len(arguments) == 1:
        return  # a sentence names the command; what it needs is another matter
    try:
        parser.parse_args(arguments)
    except SystemExit:
        pytest.fail(f"`{command}`: {capsys.readouterr().err}")


def _subcommands(parser: argparse.ArgumentParser) -> set[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return set(action.choices)
    return set()
