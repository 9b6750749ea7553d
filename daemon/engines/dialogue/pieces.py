"""Text on its way into a model and out of it. Pure."""

import codecs
import re
from collections.abc import Iterable, Sequence


class TextAssembler:
    """Takes the bytes of one token after the other and gives out text as soon as it is safe.

    Bytes of an unfinished character are held back, and so is text that may yet become a stop string. Bytes that
    can not become a character turn into U+FFFD.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """The text that these bytes make safe. After a stop string `stopped` is true and nothing more comes."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        found = [position for text in self._stop if (position := self._held.find(text)) >= 0]
        if found:
            self.stopped = True
            return self._release(min(found), drop_rest=True)
        return self._release(len(self._held) - half(self._held, self._stop), drop_rest=False)

    def finish(self) -> str:
        """What was held back as a possible stop string; half a character is dropped."""
        return "" if self.stopped else self._release(len(self._held), drop_rest=True)

    def _release(self, length: int, *, drop_rest: bool) -> str:
        text = self._held[:length]
        self._held = "" if drop_rest else self._held[length:]
        return text


def half(text: str, markers: Iterable[str]) -> int:
    """Length of the longest end of `text` with which one of the markers begins, without being whole."""
    longest = 0
    for marker in markers:
        start = text.find(marker[0], max(len(text) - len(marker) + 1, 0))
        while start >= 0 and not marker.startswith(text[start:]):
            start = text.find(marker[0], start + 1)
        longest = max(longest, len(text) - start if start >= 0 else 0)
    return longest


def encodable(text: str) -> str:
    """`text` with a question mark for each lone surrogate, which has no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Defuser:
    """Breaks up whatever a text has that a model would read as a control token: notes are data, also to a tokenizer."""

    def __init__(self, control_texts: Iterable[str]) -> None:
        texts = sorted((text for text in set(control_texts) if len(text) > 1), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, texts)) or r"(?!)")

    def __call__(self, text: str) -> str:
        """`text` with a zero-width space behind the first character of each such place."""
        return self._pattern.sub(lambda found: f"{found.group()[0]}\u200b{found.group()[1:]}", encodable(text))


def packed(lengths: Sequence[int], limit: int, most: int) -> list[list[int]]:
    """The indices of `lengths` in order, in batches of at most `most` that sum up to `limit` at most.

    One that is over the limit by itself is a batch by itself.
    """
    batches: list[list[int]] = []
    room = 0
    for index, length in enumerate(lengths):
        if not batches or length > room or len(batches[-1]) == most:
            batches.append([])
            room = limit
        batches[-1].append(index)
        room -= length
    return batches
