"""Which setting keeps a path from being searched. Pure: the answer is the same whether there is such a note or not."""

from dataclasses import dataclass

from vault_sync.policy import pattern
from vault_sync.policy.policy import Policy, Rule, Use


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands in the way of a path, and what the owner can do, one plain sentence each."""

    cause: str
    fix: str


def bar(policy: Policy, path: str, use: Use = "search") -> Bar | None:
    """The first thing that keeps the path from this use; None where nothing does."""
    if path.startswith(".") or "/." in path:
        return Bar("A part of its path starts with a dot; such files are never read.", "Move or rename the file.")
    if named := next((each for each in policy.exclude if pattern.fits(path, (each,))), None):
        return Bar(
            f"`exclude` below [notes] in famulus.toml has {named!r}.", "Take that pattern out, and start Famulus again."
        )
    if named := next((each for each in policy.ignored if pattern.ignores((each,), path)), None):
        return Bar(
            f"Obsidian's setting Excluded files has {named!r}.",
            "Take it out there, or set `obsidian_excluded = false` below [notes] in famulus.toml.",
        )
    if policy.conflict(path):
        return Bar("Its name is that of a copy which a sync tool made.", "Merge it into the note, or rename the file.")
    if not policy.readable(path):
        return Bar("Its name is not that of a file which is searched.", "Name a note, such as `Folder/Note.md`.")
    if not policy.allows(path, use):
        return _ruled(next(rule for rule in policy.rules if Policy(rules=(rule,)).denies(path, use)), use)
    return None


def _ruled(rule: Rule, use: Use) -> Bar:
    paths, deny = list(rule.paths), list(rule.deny)
    return Bar(
        f"A rule below [[notes.rules]] in famulus.toml keeps it from `{use}`: paths = {paths}, deny = {deny}.",
        "Change that rule, and start Famulus again.",
    )
