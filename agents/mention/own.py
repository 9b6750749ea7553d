"""What a note itself is called, so that it is not taken for a mention of another one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.mention.phrases import Phrases, in_own_phrase, own_phrases
from agents.mention.tokens import Token, tokens
from vault_sync.notes.note import Note

_FEWEST_INITIALS = 3


@dataclass(frozen=True, slots=True)
class Own:
    """A note's `names` in words, the folded `initials` among these, and its `phrases`, see `own_phrases`."""

    names: Sequence[Sequence[Token]]
    initials: frozenset[str]
    phrases: Phrases


def own_of(note: Note) -> Own:
    """What the note is called."""
    names = [list(tokens(name)) for name in (note.title, *note.aliases)]
    initials = frozenset(token.text.lower() for name in names for token in name if _are_initials(token.text))
    return Own(names, initials, own_phrases(note))


def is_own_name(own: Own, words: Sequence[Token | None], first: int, last: int) -> bool:
    """Whether the words are what their own note is called, or initials in its title: it speaks of itself. Or they are a
    part of what these initials stand for: the internet of “VoIP (Voice over Internet Protocol)”, in «VoIP server».
    """
    said = [w.folded for w in words[first:last] if w is not None]
    if any([token.folded for token in name] == said for name in own.names):
        return True
    word = words[first]
    if len(said) == 1 and word is not None and word.acronym and any(t.text == word.text for n in own.names for t in n):
        return True
    return any(
        _spell(words[start : start + len(letters)], letters)
        for letters in own.initials
        if len(letters) > last - first
        for start in range(max(0, last - len(letters)), first + 1)
    )


def is_of_own_phrase(own: Own, words: Sequence[Token | None], first: int, last: int) -> bool:
    """Whether they are one word of a phrase that the note itself is called by."""
    return last - first == 1 and in_own_phrase(own.phrases, words, first)


def _are_initials(text: str) -> bool:
    return len(text) >= _FEWEST_INITIALS and sum(map(str.isupper, text)) > 1 and text.isalpha()


def _spell(words: Sequence[Token | None], letters: str) -> bool:
    return "".join("" if w is None else w.folded[0] for w in words) == letters
