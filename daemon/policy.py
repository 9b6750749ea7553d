"""The policy in force: what famulus.toml says, and what Obsidian's own settings say at the moment."""

import logging

from daemon.config import Settings
from vault_sync.notes import pdf
from vault_sync.policy.obsidian import AppSettings, Problem, read_settings, unfit
from vault_sync.policy.policy import InForce, Policy, Rule
from vault_sync.vault import Vault

PROMPTS_FOLDER = "Famulus/prompts"
"""Notes here override the prompts of the same name."""

log = logging.getLogger(__name__)


class LivePolicy(InForce):
    """Follows Obsidian's settings while the daemon runs; famulus.toml is read once."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self._settings = settings
        self._vault = vault
        self._app = AppSettings()
        self.problems: tuple[Problem, ...] = ()
        """What of Obsidian's settings can not be followed."""
        super().__init__(Policy())
        self.reload()

    def reload(self) -> None:
        """Read Obsidian's settings again; what they say holds from now on."""
        self._app = read_settings(self._vault, self._app)
        self.current = policy_from(self._settings, self._app)
        before, self.problems = self.problems, (*self._app.problems, *unfit(self.current.ignored))
        for number, problem in enumerate(self.problems, start=1):
            if problem not in before:
                # The log names no filter: it may say more than its owner wants to stand there. `famulus doctor` does.
                log.warning("Obsidian's settings, problem %d: %s Run `famulus doctor`.", number, problem.cause)


def policy_from(settings: Settings, app: AppSettings) -> Policy:
    """The policy that settings and app ask for together."""
    notes, writing = settings.notes, settings.writing
    return Policy(
        exclude=tuple(notes.exclude),
        templates=(*notes.template_folders, *app.templates, *_told_to(settings)),
        ignored=app.ignored if notes.obsidian_excluded else (),
        rules=tuple(Rule(tuple(rule.paths), tuple(rule.deny)) for rule in notes.rules),
        write_in=tuple(writing.folders),
        new_notes=writing.new_notes,
        pdf=pdf.available(),
    )


def _told_to(settings: Settings) -> tuple[str, ...]:
    """The folders of prompts: what stands there is said to Famulus, and is none of the notes that it works on."""
    return tuple(filter(None, (PROMPTS_FOLDER, settings.sections.folder.strip("/"))))


def described(policy: Policy) -> str:
    """What is in force, in a sentence or two that name no note."""
    reach = "everywhere" if "" in policy.write_in else f"in {len(policy.write_in)} folders"
    made = f"in {policy.new_notes!r}" if policy.new_notes.strip("/") else "everywhere"
    return (
        f"{len(policy.exclude)} patterns of famulus.toml and {len(policy.ignored)} of Obsidian's filters exclude, "
        f"{len(policy.rules)} rules restrict. Notes may be changed {reach} and made {made}."
    )
