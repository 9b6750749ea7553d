"""Names in one automaton over stems: a text is walked once, however many names there are."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

import ahocorasick_rs

from agents.mention.english import odd_forms
from agents.mention.inflection import forms
from agents.mention.name import Entry, Name, names_of
from agents.mention.tokens import Token
from vault_sync.text import stem

BREAK = "\x01"
"""Stands in a sequence of stems where no name may go on."""
_UNKNOWN = "\x02"
_FIRST, _SURROGATES = 0x100, range(0xD800, 0xE000)
_MOST_SPELLINGS = 12


class Automaton:
    """Names by the stems of their words. Each stem that a name has is one character of the automaton's alphabet."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """The names of these notes. Two notes may share one."""
        self._alphabet: dict[str, str] = {}
        self._names: list[list[Name]] = []
        patterns: dict[str, int] = {}
        for entry in entries:
            for name in names_of(entry):
                self._add(name, patterns)
        self._automaton = ahocorasick_rs.AhoCorasick(
            patterns, implementation=ahocorasick_rs.Implementation.NoncontiguousNFA, store_patterns=False
        )

    def _add(self, name: Name, patterns: dict[str, int]) -> None:
        spellings = product(*(sorted(_stems(token)) for token in name.tokens))
        for spelling in islice(spellings, _MOST_SPELLINGS):
            pattern = "".join(self._letter(each) for each in spelling)
            if pattern not in patterns:
                patterns[pattern] = len(self._names)
                self._names.append([])
            self._names[patterns[pattern]].append(name)

    def _letter(self, found: str) -> str:
        letter = self._alphabet.get(found)
        if letter is None:
            code = _FIRST + len(self._alphabet)
            code += len(_SURROGATES) if code >= _SURROGATES.start else 0
            letter = self._alphabet[found] = chr(code)
        return letter

    def matches(self, words: Sequence[Token | None]) -> Iterator[tuple[int, int, list[Name]]]:
        """Where names may stand in a sequence of words: the first word, the one after the last, and the names.

        None in the sequence is a break. The stems fit; whether the words do, `form_of` says.
        """
        text = "".join(BREAK if w is None else self._alphabet.get(w.stem, _UNKNOWN) for w in words)
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            yield start, end, self._names[index]


def _stems(token: Token) -> set[str]:
    """The stems that forms of a word have."""
    found = {token.stem}
    if token.cyrillic:
        found |= {stem(form) for form in forms(token.text.lower())}
    elif token.latin:
        found |= {stem(form) for form in odd_forms(token.folded)}
    return found
