"""How a text of any length is read by a model that reads a few hundred tokens at a time, and becomes one vector. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Windows:
    """The parts of some texts, in order. `text` says of each whose it is, `tokens` how many of that text it has."""

    parts: list[list[int]]
    text: list[int]
    tokens: list[int]

    def joined(self, means: NDArray[np.float32], texts: int) -> NDArray[np.float32]:
        """One vector of length 1 a text (`texts`, d): the mean of all its tokens, by the means of its parts (n, d)."""
        found = np.zeros((texts, means.shape[1]), np.float32)
        np.add.at(found, self.text, means * np.maximum(self.tokens, 1)[:, None])
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(norms, 1e-12), np.float32)


def windows(texts: Sequence[Sequence[int]], begin: int, end: int, longest: int) -> Windows:
    """Parts of at most `longest` tokens, each between `begin` and `end`; nothing is cut off, and none overlap."""
    step, made = longest - 2, Windows([], [], [])
    for number, tokens in enumerate(texts):
        for start in range(0, max(len(tokens), 1), step):
            part = tokens[start : start + step]
            made.parts.append([begin, *part, end])
            made.text.append(number)
            made.tokens.append(len(part))
    return made
