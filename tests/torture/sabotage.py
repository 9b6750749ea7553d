"""Faults put into the daemon on purpose: the harness has to find each of them, or it proves nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vault_sync.writing import files, write
from vault_sync.writing.write import Begun, Writer


def _plain_rename(target: Path, temporary: Path, before: bytes, after: bytes) -> bytes | None:
    """A write that looks at nothing before it replaces the note."""
    files.fill(temporary, after, like=target)
    temporary.replace(target)
    return None


def _renames() -> None:
    files.put_in_place = _plain_rename


def _writes_another(old: bytes, new: bytes) -> Callable[[], None]:
    """A write that puts something else into a note than what the journal has."""

    def replaced() -> None:
        finish = Writer.finish

        def worse(self: Writer, begun: Begun) -> str:
            if begun.after is not None and begun.before:
                begun = Begun(begun.change, begun.before, begun.after.replace(old, new, 1), begun.entry)
            return finish(self, begun)

        Writer.finish = worse  # type: ignore[method-assign]

    return replaced


def _swallows_a_letter() -> None:
    """A mention that becomes a link and loses the end of its word."""
    from agents.links import linkform

    linkform._wikilink = lambda linkpath, part, text, bar: f"[[{linkpath}{bar}{text[:-1]}]]"


def _sweeps_nothing() -> None:
    Writer.sweep = lambda self: 0  # type: ignore[method-assign]


def _forgets_a_mode() -> None:
    files._copy_attributes = lambda like, handle: None


def _undoes_by_rewriting() -> None:
    """An undo that puts the note's bytes from before back, whatever came after."""
    finish = Writer.finish

    def rough(self: Writer, begun: Begun) -> str:
        if begun.entry is not None and begun.entry.undoes is not None:
            images = self.journal.images(begun.entry.undoes)
            begun = Begun(begun.change, begun.before, images.before if images else b"", begun.entry)
        return finish(self, begun)

    Writer.finish = rough  # type: ignore[method-assign]


def _sweeps_blindly() -> None:
    """A start that throws every temporary file away without looking at it."""

    def clear(self: Writer, entry: Any, images: Any, left: Path) -> bool:
        left.unlink()
        return True

    write.Writer._clear = clear  # type: ignore[method-assign]


def _loses_the_index() -> None:
    """A store that forgets what it is given."""
    from vault_sync.stores.chroma import ChromaStore
    from vault_sync.stores.mapped import MappedStore

    for store in (ChromaStore, MappedStore):
        store.add = lambda self, occurrences, vectors: None  # type: ignore[method-assign]


SABOTAGES: dict[str, Callable[[], None]] = {
    "renames": _renames,
    "changes a byte": _writes_another(b"e", b"a"),
    "links beside the journal": _writes_another(" 🌱 ".encode(), " [[KV cache|🌱]] ".encode()),
    "swallows a letter": _swallows_a_letter,
    "sweeps nothing": _sweeps_nothing,
    "sweeps blindly": _sweeps_blindly,
    "forgets a mode": _forgets_a_mode,
    "undoes by rewriting": _undoes_by_rewriting,
    "loses the index": _loses_the_index,
}
