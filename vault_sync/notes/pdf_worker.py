"""Reads one PDF from standard input and writes the text of its pages as JSON: a process for each file.

python -P pdf_worker.py PAGES BYTES      # at most so many pages, and so much address space
"""

import ctypes
import json
import re
import sys

import pypdfium2

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

MAX_PAGE = 100_000
"""Characters of a page that are read; more of them is no page that a person reads."""
_PASSWORD = 4
"""PDFium's code for a file that asks for a password."""


def main() -> None:
    """Read, and write `pages` and `total`, or `problem`."""
    pages, memory = map(int, sys.argv[1:3])
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read(), pages)))


def answer(data: bytes, most: int) -> dict[str, object]:
    """What is found in a PDF's bytes."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == _PASSWORD
        return {"problem": "It asks for a password." if locked else f"It is damaged or no PDF: {error}."}
    total = len(document)
    return {"total": total, "pages": [_page(document, number) for number in range(min(total, most))]}


def _page(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        text = document[number].get_textpage().get_text_range()
    except (pypdfium2.PdfiumError, ctypes.ArgumentError, RecursionError):
        return ""  # one damaged page is no reason to lose the others
    return cleaned(text[:MAX_PAGE])


def cleaned(text: str) -> str:
    """A page's text with words put together that were cut at the end of a line."""
    text = re.sub("[\ud800-\udfff\0]", " ", text).replace("\r\n", "\n").replace("\r", "\n")
    # PDFium puts U+FFFE where it has put a word together; before a capital the hyphen was one of the author's.
    text = re.sub(r"\ufffe\n?(?=[A-ZА-ЯЁ\d])", "-", text)
    return re.sub(r"\ufffe\n?", "", text).strip()


if __name__ == "__main__":
    main()
