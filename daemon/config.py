"""What can be set, and what holds where nothing is; `daemon/configfile.py` reads it."""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from agents.errors import AgentError
from agents.inbox.gate import Rules
from agents.links.linkform import Form
from agents.mention.habits import LEAST, Habits
from daemon.engines.hosting.sharing import Sharing
from daemon.engines.spec import EngineSpec, engine_spec
from vault_sync.notes.chunk import MAX_CHARS
from vault_sync.paths import within
from vault_sync.policy.policy import Use
from vault_sync.search.fusion import Weights

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
    """The lexical lane's share of the score; unset, as it suits most vaults (`LEXICAL_WEIGHT` in vault_sync/search/fusion.py)."""
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

    @property
    def on_save(self) -> bool:
        """Whether saving any note may trigger linking."""
        return any(mode != "off" for mode in (self.mode, *(folder.mode for folder in self.folders)))

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


class HostSection(_Section):
    """How engines share the memory of devices. Times are in seconds; an engine may have its own."""

    memory: dict[str, int] = {}
    """The most that engines may have of a device, in MiB by its name (`CPU`, `CUDA0`); a missing one: all that is free."""
    idle_seconds: float = Field(0, ge=0)
    """An engine that nobody asked for so long is unloaded; 0: never."""
    min_residence_seconds: float = Field(20, ge=0)
    """So long a loaded engine stays before it gives way to another one."""
    max_wait_seconds: float = Field(60, ge=0)
    """Who waited so long is given room though the minimum is not over."""
    poll_seconds: float = Field(5, gt=0)
    """How often it is looked whether other programs need the cards' memory."""

    @property
    def sharing(self) -> Sharing:
        """All of them, as the host takes them."""
        return Sharing(
            self.memory, self.idle_seconds, self.min_residence_seconds, self.max_wait_seconds, self.poll_seconds
        )

    @field_validator("memory")
    @classmethod
    def _is_positive(cls, memory: dict[str, int]) -> dict[str, int]:
        if any(size < 0 for size in memory.values()):
            raise ValueError("memory can not be less than nothing")
        return memory


class ServerSection(_Section):
    """Who may call."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    allowed_hosts: list[str] = []
    allowed_origins: list[str] = []
    max_waiting: int = Field(64, ge=1)
    """How many requests may wait for the first token of one engine; more are told to come again (429)."""


STARTER_ROLES = {"planner": "smollm2", "coder": "smollm2-coder", "embedder": "e5-small"}
STARTER_ENGINES: dict[str, dict[str, Any]] = {
    "smollm2": {"kind": "llama_cpp", "model": "starter:smollm2", "context": 4096},
    "smollm2-coder": {"kind": "llama_cpp", "model": "starter:smollm2", "context": 4096},
    "e5-small": {"kind": "e5", "model": "starter:e5-small"},
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
    host: HostSection = HostSection()
    server: ServerSection = ServerSection()
    roles: dict[str, str] = Field(default_factory=lambda: dict(STARTER_ROLES))
    engines: dict[str, dict[str, Any]] = Field(default_factory=lambda: dict(STARTER_ENGINES))
    _file: Path | None = PrivateAttr(default_factory=lambda: TomlSource.file)

    @property
    def file(self) -> Path | None:
        """The famulus.toml that was read for them, as an absolute path; None where there was none."""
        return self._file

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
        return init_settings, env_settings, TomlSource(settings_cls)

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


class TomlSource(PydanticBaseSettingsSource):
    """The contents of famulus.toml and where it lies, set for the time of one `load`."""

    contents: dict[str, Any] = {}  # noqa: RUF012 — pydantic-settings builds sources by class
    file: Path | None = None

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """What the file says of one setting."""
        return self.contents.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All that the file says."""
        return dict(self.contents)
