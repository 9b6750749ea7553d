"""The prompts of the folder `prompts/`, any of which a vault may replace. Pure but for reading that folder."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import frontmatter
import yaml

from agents.errors import AgentError

FOLDER = Path(__file__).resolve().parents[1] / "prompts"
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECTION = re.compile(r"^## (\S+)[ \t]*$", re.MULTILINE)


class PromptError(AgentError):
    """A prompt that does not exist, can not be read, or names something that nobody fills in."""

    code = "prompt"


class Prompts:
    """Prompts by name. `overrides` (name → whole text of a note, frontmatter allowed) win over the folder."""

    def __init__(self, overrides: Mapping[str, str] | None = None, folder: Path = FOLDER) -> None:
        self._overrides = dict(overrides or {})
        self._folder = folder
        self._bodies: dict[str, str] = {}

    def override(self, overrides: Mapping[str, str]) -> None:
        """Use these overrides from now on, and no others."""
        self._overrides = dict(overrides)
        self._bodies.clear()
        self.__dict__.pop("names", None)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All prompts that exist, sorted."""
        own = {file.stem for file in self._folder.glob("*.md")}
        return tuple(sorted(own | set(self._overrides)))

    def render(self, name: str, **values: str) -> str:
        """The prompt `name` with its placeholders filled. Raises PromptError."""
        return _filled(name, self._body(name), values)

    def phrase(self, language: str, key: str, **values: str) -> str:
        """What Famulus says itself: the section `key` of the prompt `said-<language>`, else of `said-en`."""
        name = f"said-{language}" if f"said-{language}" in self.names else "said-en"
        found = _sections(self._body(name)).get(key)
        if found is None:
            raise PromptError(
                f"The prompt {name} can not be used.",
                f"It has no section `## {key}`.",
                f"Add the section to {name}.md, or delete your own version of that file.",
            )
        return _filled(f"{name}#{key}", found, values)

    def _body(self, name: str) -> str:
        if name not in self._bodies:
            self._bodies[name] = _parsed(name, self._text(name))
        return self._bodies[name]

    def _text(self, name: str) -> str:
        if name in self._overrides:
            return self._overrides[name]
        if name not in self.names:
            raise PromptError(
                f"There is no prompt {name!r}.",
                f"Neither the vault nor {self._folder} has it.",
                f"Known prompts: {', '.join(self.names)}.",
            )
        return (self._folder / f"{name}.md").read_text("utf-8")


def _parsed(name: str, text: str) -> str:
    try:
        return str(frontmatter.loads(text).content).strip()
    except yaml.YAMLError as error:
        raise PromptError(
            f"The prompt {name} can not be read.",
            f"Its frontmatter is not valid YAML: {error}",
            "Mend the lines between the two `---`.",
        ) from error


def _sections(body: str) -> dict[str, str]:
    parts = _SECTION.split(body)
    return {key: text.strip() for key, text in zip(parts[1::2], parts[2::2], strict=True)}


def _filled(name: str, body: str, values: Mapping[str, str]) -> str:
    """One pass, so that braces in a value stay as they are."""
    wanted = set(_PLACEHOLDER.findall(body))
    unknown = sorted(wanted - values.keys())
    if unknown:
        raise PromptError(
            f"The prompt {name} can not be used.",
            f"Nothing fills in {{{unknown[0]}}}.",
            f"Use only these placeholders: {', '.join(f'{{{key}}}' for key in sorted(values)) or 'none'}.",
        )
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], body)
