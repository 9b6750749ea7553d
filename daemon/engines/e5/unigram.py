"""Text becomes the likeliest row of known pieces, as SentencePiece's unigram model cuts it. Pure."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

SPACE = "\u2581"
"""Stands for a space, and before the first word."""
UNKNOWN = 10.0
"""By how much a character that no piece has is less likely than the least likely piece."""
_KEPT = 1 << 16
_LEAST = float("-inf")


class Unigram:
    """Cuts texts. Words are cut one by one, for no piece reaches from one into the next, and those that come often once."""

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], written: Mapping[int, str], unknown: int
    ) -> None:
        """`written` says what is read for a character, by its code point; `unknown` is the token for what no piece has."""
        self._pieces = {piece: token for token, piece in enumerate(pieces) if piece and token != unknown}
        self._scores = scores
        self._written = {**written, 0: " "}
        self._unknown = unknown
        self._worst = min(scores) - UNKNOWN
        self._longest = max(map(len, self._pieces))
        self._cut = lru_cache(_KEPT)(self._word)

    def __call__(self, text: str) -> list[int]:
        """The tokens of a text, without the ones that begin and end it."""
        read = text.translate(self._written)
        start = 1 if read.startswith(" ") else 0
        words = read[start:].split(" ")
        return [token for word in self._spaced(words) for token in self._cut(word)]

    def _spaced(self, words: Sequence[str]) -> list[str]:
        """Each word with the space before it. Several spaces are one, and one at the end stands alone."""
        full = [SPACE + word for word in words if word]
        return [*full, SPACE] if not words[-1] else full

    def _word(self, word: str) -> tuple[int, ...]:
        best, came = [0.0, *[_LEAST] * len(word)], [(0, self._unknown)] * (len(word) + 1)
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                token = self._pieces.get(word[start:end])
                score = self._worst if token is None else self._scores[token]
                if (token is not None or end == start + 1) and best[start] + score > best[end]:
                    best[end], came[end] = best[start] + score, (start, self._unknown if token is None else token)
        tokens, at = [], len(word)
        while at:
            at, token = came[at]
            tokens.append(token)
        return tuple(reversed(tokens))
