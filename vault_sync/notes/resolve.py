"""Which file of the vault a link leads to, as Obsidian decides it."""

import posixpath
import unicodedata
from collections.abc import Iterable
from itertools import accumulate

from vault_sync.notes.linktext import OBSIDIAN
from vault_sync.notes.note import Link
from vault_sync.paths import NOTE_SUFFIX, VaultPath, folder_of

_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\\": "/"})


class Resolver:
    """Resolves link targets among `paths` (notes and other files). Asking costs no walk over the vault.

    A path from the vault's root comes first, then what lies in or below the folder of the linking note,
    then the shortest path; case never matters unless two files differ by nothing else.
    """

    def __init__(self, paths: Iterable[VaultPath], vault: str = "") -> None:
        """`vault` is the name that Obsidian's URLs call this vault by; without it they lead nowhere."""
        self._vault = unicodedata.normalize("NFC", vault)
        self._paths = frozenset(paths)
        self._by_suffix: dict[str, list[VaultPath]] = {}
        self._near: dict[str, dict[str, list[VaultPath]]] = {}
        for path in sorted(self._paths, key=lambda path: (len(path), path)):
            for suffix in _suffixes(_fold(path)):
                self._by_suffix.setdefault(suffix, []).append(path)

    def resolve_link(self, link: Link, source: VaultPath) -> VaultPath | None:
        """The file that `link` in the note `source` leads to, None where there is none."""
        return self.resolve(link.target, source)

    def resolve(self, target: str, source: VaultPath) -> VaultPath | None:
        """The file that `target`, a link's part before `#`, leads to from the note `source`.

        The empty target is the note itself.
        """
        if target.startswith(OBSIDIAN):
            vault, _, target = target.removeprefix(OBSIDIAN).partition("/")
            if not target or unicodedata.normalize("NFC", vault) != self._vault:
                return None
            target = f"/{target}"
        written = unicodedata.normalize("NFC", target.translate(_SPACES)).strip()
        if not written:
            return source
        if written.startswith(("./", "../")) or written in (".", ".."):
            return self._exact(_join(folder_of(source), written))
        if written.startswith("/"):
            return self._exact(_join("", written.lstrip("/")))
        return self._exact(written) or self._closest(_join("", written), folder_of(source))

    def _exact(self, written: str | None) -> VaultPath | None:
        if written is None:
            return None
        for name in (written, written + NOTE_SUFFIX):
            if name in self._paths:
                return VaultPath(name)
        for name in (_fold(written), _fold(written + NOTE_SUFFIX)):
            found = self._by_suffix.get(name, [])
            if found and _fold(found[0]) == name:
                return found[0]
        return None

    def _closest(self, written: str | None, folder: str) -> VaultPath | None:
        if written is None:
            return None
        for name in (written, written + NOTE_SUFFIX):
            if candidates := self._by_suffix.get(_fold(name)):
                return self._choose(candidates, name, folder)
        return None

    def _choose(self, candidates: list[VaultPath], name: str, folder: str) -> VaultPath:
        if len(candidates) == 1:
            return candidates[0]
        suffix = _fold(name)
        if suffix not in self._near:
            self._near[suffix] = _shortest_below(candidates)
        below = self._near[suffix]
        shortest = below.get(_fold(folder)) or below[""]
        return next((path for path in shortest if path.endswith(name)), shortest[0])


def _shortest_below(candidates: Iterable[VaultPath]) -> dict[str, list[VaultPath]]:
    """For each folder, the shortest of the candidates (ordered by length) that lie in it or below it."""
    below: dict[str, list[VaultPath]] = {}
    for path in candidates:
        folder = _fold(path)
        while folder:
            folder = folder.rpartition("/")[0]
            best = below.setdefault(folder, [])
            if not best or len(path) == len(best[0]):
                best.append(path)
    return below


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path.translate(_SPACES)).lower()


def _suffixes(path: str) -> Iterable[str]:
    """`c`, `b/c` and `a/b/c` of `a/b/c`."""
    return accumulate(reversed(path.split("/")), lambda tail, part: f"{part}/{tail}")


def _join(folder: str, written: str) -> str | None:
    """`written` seen from `folder`, None where that lies out of the vault."""
    joined = posixpath.normpath(posixpath.join(folder, written))
    return None if joined == ".." or joined.startswith(("../", "/")) else joined
