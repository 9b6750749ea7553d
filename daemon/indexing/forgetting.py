"""Forgetting what policy takes away, wherever it is remembered beside the index."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from daemon.policy import PROMPTS_FOLDER
from vault_sync.notes.parse import forget_parsed
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy

if TYPE_CHECKING:
    from daemon.compose import Famulus


class Forgetting:
    """Told by the Indexer, in the upkeep's thread, before the index itself forgets."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    def taken(self, paths: Collection[VaultPath]) -> None:
        """Policy, or the notes themselves, take these notes away."""
        self._forget(frozenset(paths).__contains__)
        for path in paths:
            self._famulus.schedule.saved(path)

    def policy_changed(self) -> None:
        """Another policy holds than the one that all was cleaned for."""
        famulus, policy = self._famulus, self._famulus.policy.current
        self._forget(lambda path: not policy.readable(path))
        for name in famulus.kinds:
            famulus.inbox.forget(self._not_allowed(name, policy), name)
        famulus.jobs.book.forget(lambda path: not policy.allows(path, "links"))
        famulus.answerer.forget(lambda path: not policy.allows(path, "chat"))
        famulus.prompts.override(prompt_overrides(famulus))
        famulus.schedule.refresh_soon()

    def _not_allowed(self, kind: str, policy: Policy) -> Callable[[VaultPath], bool]:
        use = self._famulus.kinds[kind].use
        return lambda path: not policy.allows(path, use)

    def _forget(self, gone: Callable[[VaultPath], bool]) -> None:
        forget_parsed()
        self._famulus.linker.forget()
        self._famulus.names.forget()
        self._famulus.linker.book.forget(gone)
        self._famulus.sections.book.forget(gone)
        self._famulus.relater.forget(gone)
        self._famulus.inbox.forget(gone)
        self._famulus.jobs.book.forget(gone)
        self._famulus.answerer.forget(gone)


def prompt_overrides(famulus: "Famulus") -> dict[str, str]:
    """The prompts of the vault by name, as far as a model may be sent them."""
    policy = famulus.policy.current
    paths = [path for path in famulus.vault.list(policy).files if path.startswith(PROMPTS_FOLDER + "/")]
    texts = {path: famulus.text_of(path) for path in paths if policy.allows(path, "prompt")}
    named = ((path.removeprefix(PROMPTS_FOLDER + "/").removesuffix(".md"), text) for path, text in texts.items())
    return {name: text for name, text in named if text is not None}
