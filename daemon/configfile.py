"""Settings as they hold: flags > `FAMULUS_*` > `famulus.toml` > defaults."""

import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from daemon.config import STARTER_ENGINES, STARTER_ROLES, ConfigError, Settings, TomlSource


def load(file: Path | None = None, **flags: Any) -> Settings:
    """Settings from flags, environment and the file (by default the one in the user's configuration folder).

    Raises ConfigError that names the file and the key.
    """
    chosen = file or default_file()
    there = file is not None or chosen.is_file()
    contents = _read(chosen) if there else {}
    unknown = sorted(set(contents) - set(Settings.model_fields))
    if unknown:
        raise ConfigError(
            f"{chosen} can not be used.",
            f"It has unknown sections or keys: {', '.join(unknown)}.",
            "Remove or correct them.",
        )
    for name, starter in (("roles", STARTER_ROLES), ("engines", STARTER_ENGINES)):
        given = contents.get(name, {})
        contents[name] = {**starter, **given} if isinstance(given, dict) else given
    TomlSource.contents, TomlSource.file = contents, chosen.resolve() if there else None
    try:
        return Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as error:
        raise _invalid(chosen, error) from error
    finally:
        TomlSource.contents, TomlSource.file = {}, None


def default_file() -> Path:
    """`famulus.toml` in the user's configuration folder."""
    return Path(platformdirs.user_config_dir("famulus", appauthor=False)) / "famulus.toml"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} can not be read.", f"{error}.", "Check the path given with --config.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{file} can not be used.", f"It is not valid TOML: {error}.", "Correct that line."
        ) from error


def _invalid(file: Path, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return ConfigError(
        f"The setting {place!r} can not be used.",
        f"{first['msg']} (given: {first['input']!r}).",
        f"Correct it in {file}, in the environment or in the flag.",
    )
