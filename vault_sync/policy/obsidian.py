"""What Obsidian's own settings say of the vault's paths: excluded files, folders of templates. Only ever read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vault_sync.errors import NoteNotFoundError, UnreadableNoteError
from vault_sync.paths import VaultPath
from vault_sync.policy import pattern
from vault_sync.vault import Vault

APP = VaultPath(".obsidian/app.json")
TEMPLATES = VaultPath(".obsidian/templates.json")
TEMPLATER = VaultPath(".obsidian/plugins/templater-obsidian/data.json")
FILES = (APP, TEMPLATES, TEMPLATER)
MAX_BYTES = 2 * 1024 * 1024

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Problem:
    """What of the settings could not be followed: where it stands, and why, in one sentence."""

    place: str
    cause: str


@dataclass(frozen=True, slots=True)
class AppSettings:
    """`ignored` are the filters of "Excluded files", `templates` folders; `values` what each file held."""

    ignored: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    values: tuple[tuple[VaultPath, Values], ...] = ()


def read_settings(vault: Vault, before: AppSettings | None = None) -> AppSettings:
    """What the files say now. One that can not be read (it may be half written) counts as it was `before`."""
    known = dict(before.values) if before else {}
    found: dict[VaultPath, Values] = {}
    problems: list[Problem] = []
    for file in FILES:
        values, cause = _read(vault, file)
        if cause:
            problems.append(Problem(file, cause))
            values = known.get(file)
        if values is not None:
            found[file] = values
    return _settings(found, problems)


def _read(vault: Vault, file: VaultPath) -> tuple[Values | None, str]:
    try:
        data = vault.read(file, MAX_BYTES)[0]
    except NoteNotFoundError:
        link = _link_on_the_way(vault, file)
        return None, f"{link!r} is a symbolic link; these are not followed." if link else ""
    except UnreadableNoteError as error:
        return None, error.cause
    return values_of(data)


def _link_on_the_way(vault: Vault, file: VaultPath) -> str:
    parts = file.split("/")
    steps = ("/".join(parts[: end + 1]) for end in range(len(parts)))
    return next((step for step in steps if (vault.root / step).is_symlink()), "")


def values_of(data: bytes) -> tuple[Values | None, str]:
    """The values of a JSON object, or why there are none."""
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return None, f"It is not valid JSON: {error}."
    return (values, "") if isinstance(values, dict) else (None, "It is not a JSON object.")


def _settings(found: Mapping[VaultPath, Values], problems: Iterable[Problem]) -> AppSettings:
    filters = found.get(APP, {}).get("userIgnoreFilters")
    ignored = tuple(text for text in filters if isinstance(text, str)) if isinstance(filters, list) else ()
    named = (found.get(TEMPLATES, {}).get("folder"), found.get(TEMPLATER, {}).get("templates_folder"))
    folders = (folder.strip().strip("/") for folder in named if isinstance(folder, str))
    # The root is no folder of templates, or all notes would be some.
    return AppSettings(ignored, tuple(filter(None, folders)), tuple(problems), tuple(found.items()))


def unfit(filters: Iterable[str]) -> tuple[Problem, ...]:
    """The filters of "Excluded files" that can not be followed."""
    found = ((text, pattern.problem(text)) for text in filters)
    return tuple(Problem(f"the excluded file {text!r}", cause) for text, cause in found if cause)
