"""Set phrases: in «в свою очередь» nobody means a queue, and in “in the long run” nobody means a run. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from agents.mention.tokens import Token
from agents.stopwords import STOP_WORDS
from vault_sync.notes.note import Note
from vault_sync.paths import title_of
from vault_sync.text import fold, stems, words

_LONGEST = 4
"""Words of a heading that is a name; longer ones are sentences."""

_RUSSIAN = """
в свою очередь|в первую очередь|в последнюю очередь|в порядке очереди|на самом деле|в самом деле|на деле|первым делом
то и дело|в случае|в любом случае|в таком случае|на всякий случай|в лучшем случае|в худшем случае|в крайнем случае
в виде|в виду|при виде|на вид|таким образом|главным образом|каким образом|подобным образом|равным образом
в целом|в общем|в частности|большей частью|по большей части|с точки зрения|точка зрения|точку зрения|точке зрения
за счет|на счет|в конце концов|в конечном счете|в силу|не в силах|в связи с|в этой связи|по мере|в полной мере
в какой мере|в равной мере|по крайней мере|в ходе|на ходу|в процессе|на основе|в основе|в рамках|в пользу|в течение
в курсе|в порядке|по порядку|по сути|в сущности|в принципе|в результате|в итоге|с целью|в целях|в качестве
играет роль|играют роль|играть роль|сыграл роль|имеет место|имеют место|вместо|в свете|на свете|на первый взгляд
на взгляд|одним словом|другими словами|иными словами|на словах|со слов|в числе|в том числе|без числа|на память
по памяти|под рукой|на руку|из рук|своими руками|в руках|ряд причин|целый ряд|в ряде|на днях|изо дня в день
в наши дни|со временем|время от времени|в свое время|в то же время|все время|на время|во время|в последнее время
на этот раз|дать знать|под ключом|на данный момент|в данный момент|в этот момент|на момент|в лицо|к лицу|от лица
в корне|на корню|в духе|в кругу|по кругу|в поле зрения|поле зрения|в действии|имеет значение|имеют значение
"""
_ENGLISH = """
in turn|by turns|on the other hand|on the one hand|at hand|by hand|in the long run|in the short run|for the record
on record|by the way|in the way|in a way|on the way|along the way|in terms of|as a rule|rule of thumb|in case|in this case
in that case|in any case|in the case of|just in case|in place|in the first place|takes place|take place|took place
in place of|at the end of the day|to this day|point of view|points of view|point out|in point|at this point|to the point
at some point|in order|in order to|out of order|in the order of|plays a role|play a role|in part|for the most part
take part|make sense|makes sense|in a sense|on behalf|to date|up to date|out of date|a number of|any number of
a series of|a range of|a set of|a sort of|sort of|kind of|a kind of|in kind|in charge|in the hope|state of the art
under the hood|out of the box|outside the box|in the box|key to|the key is|in memory of|from memory|at work|in effect
side effect|side effects|in fact|as a matter of fact|in general|in particular|in practice|in principle|in theory|in time
on time|at the time|at a time|for the time being|over time|all the time|at the same time|in line|in line with|on line
bottom line|at large|by chance|on purpose|for example|at home|in person|in the air|on the table|on the fly|in the end
on the market|in question|out of the question|in the process|in detail|at length|in return|in the light of|in light of
internet of things|on the spot|behind the scenes|on board|across the board|at a glance|at scale|under way|in the loop|in touch|in bulk
"""


Phrases = Mapping[str, Sequence[tuple[tuple[str, ...], int]]]
"""By each of their words the phrases that have it, with its place in them."""


def _by_word(text: str) -> Phrases:
    found: defaultdict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for phrase in text.strip().replace("\n", "|").split("|"):
        said = tuple(map(fold, phrase.split()))
        for place, word in enumerate(said):
            found[word].append((said, place))
    return dict(found)


_PHRASES = _by_word(f"{_RUSSIAN.strip()}|{_ENGLISH.strip()}")


def own_phrases(note: Note) -> Phrases:
    """What a note itself calls by several words, in its title and headings, by each of their stems, with its place in
    them: where it speaks of the “internet layer”, nobody means the internet. Of its own name the first words are a
    phrase, too, but for the last of them: in “Internet protocol suite” the “internet protocol” is not the internet.
    """
    found: defaultdict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for title in {title_of(note.path), *note.aliases, *(heading.text for heading in note.headings)}:
        said = tuple(stems(title))
        if 1 < len(said) <= _LONGEST and not STOP_WORDS.intersection(words(title)):
            for place, word in enumerate(said):
                found[word].append((said, place))
    for name in (title_of(note.path), *note.aliases):
        said = tuple(stems(name))
        if 2 < len(said) <= _LONGEST and not STOP_WORDS.intersection(words(name)):
            for end in range(2, len(said)):
                for place, word in enumerate(said[: end - 1]):
                    found[word].append((said[:end], place))
    return found


def in_own_phrase(phrases: Phrases, around: Sequence[Token | None], at: int) -> bool:
    """Whether the word at this place is a part of one of the phrases, whatever forms their words have."""
    word = around[at]
    known = phrases.get(word.stem, ()) if word is not None else ()
    return any(
        at >= place
        and [w.stem if w is not None else "" for w in around[at - place : at - place + len(said)]] == list(said)
        for said, place in known
    )


def in_phrase(words: Sequence[Token | None], at: int) -> bool:
    """Whether the word at this place is a part of a set phrase."""
    word = words[at]
    if word is None:
        return False
    return any(_stands(words, at - place, said) for said, place in _PHRASES.get(word.folded, ()))


def _stands(words: Sequence[Token | None], start: int, said: Sequence[str]) -> bool:
    there = words[max(0, start) : start + len(said)] if start >= 0 else ()
    return len(said) > 1 and [w.folded if w is not None else "" for w in there] == list(said)
