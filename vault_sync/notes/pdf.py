"""The text of a PDF, page by page, read in a process of its own: a damaged file takes that process down, not this one."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.assembly import Piece, assembled
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath

MAX_BYTES = 100 * 1024 * 1024
MAX_PAGES = 1000
SECONDS = 20.0
"""How long one file may take; it is far more than a thousand pages need."""
MAX_MEMORY = 2 * 1024**3
"""Bytes of address space of the process that reads."""
INSTALL = "Install the extra: pip install 'famulus[pdf]'."

_WORKER = Path(__file__).with_name("pdf_worker.py")


class _Answer(TypedDict, total=False):
    """What the worker writes."""

    problem: str
    total: int
    pages: list[str]


def available() -> bool:
    """Whether the library that reads PDFs is installed."""
    return importlib.util.find_spec("pypdfium2") is not None


def read_pdf(path: VaultPath, data: bytes, seconds: float = SECONDS, pages: int = MAX_PAGES) -> Note:
    """The PDF as a note, a part for each page that holds text.

    Raises UnreadableNoteError where it is encrypted, damaged, takes too long, or where the library is missing.
    """
    if not available():
        raise _unreadable(path, "Nothing is installed that reads PDFs.", INSTALL)
    found = _asked(path, data, seconds, pages)
    if cause := found.get("problem"):
        fix = "Save a copy without a password." if "password" in cause else "Open it, and save it anew or exclude it."
        raise _unreadable(path, cause, fix)
    texts = found.get("pages", [])
    pieces = [Piece((f"Page {number}",), text) for number, text in enumerate(texts, start=1)]
    return assembled(path, pieces, remark=_remark(texts, found.get("total", 0)))


def _asked(path: VaultPath, data: bytes, seconds: float, pages: int) -> _Answer:
    # -P keeps the worker's folder out of its path: modules of this package would hide those of the library.
    command = [sys.executable, "-P", str(_WORKER), str(pages), str(MAX_MEMORY)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=False)
        found: _Answer | None = json.loads(done.stdout) if done.returncode == 0 else None
    except subprocess.TimeoutExpired as error:
        raise _unreadable(
            path, f"It takes longer than {seconds:g} seconds to read.", "Split it, or exclude it."
        ) from error
    except ValueError:
        found = None
    if found is None:
        raise _unreadable(path, "The library that reads PDFs fails on it.", "Open it, and save it anew or exclude it.")
    return found


def _remark(texts: list[str], total: int) -> str:
    if total > len(texts):
        return f"Of its {total} pages the first {len(texts)} are read."
    return "" if any(texts) else "It holds no text; it may be a scan."


def _unreadable(path: VaultPath, cause: str, fix: str) -> UnreadableNoteError:
    return UnreadableNoteError(f"The PDF {path!r} is left out of the index.", cause, fix)
