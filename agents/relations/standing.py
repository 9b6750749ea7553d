"""What is known of one note when two are compared: its place in the vault, and what it says it is. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agents.quotation.verb import copula
from agents.reasons.evidence import passage_of
from agents.related.section import Relation
from agents.relations.stated import stated_in
from agents.sentences import plain, quotable
from agents.stopwords import STOP_WORDS
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.paths import VaultPath, title_of
from vault_sync.text import stem, stems, words

_CHUNKS = 6
_FIRST = 8
_GENUS = 10
_SHORTEST_NAME = 3
_QUALIFIER = re.compile(r"\s*\([^()]*\)\s*$")
_GENUS_END = re.compile(
    r"[.,;:!?()]|\s(?:that|which|who|where|when|used|for|with|by|from|to|in|on|developed|designed|intended|"
    r"котор\w+|для|чтобы|где|когда|котором|предназнач\w+|позволя\w+)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a note.

    `links` are the notes that it links to, `linked_from` how many link to it, `tags` are without `#`. `definition`
    holds the stems of the sentence that says what it is, `genus` those that name the kind («a type of *storage
    device* that …»), `text` those of its beginning; each with a space before and after it, so that names are found
    in it as whole words. `length` counts words, `commonness` is the share of the vault's passages that have a word
    of the title, the mean of its words (0 to 1). `stated` says by folded title what other notes are to this one, where its
    owner wrote that.
    """

    path: VaultPath
    tags: frozenset[str] = frozenset()
    links: frozenset[VaultPath] = field(default_factory=frozenset)
    linked_from: int = 0
    names: tuple[str, ...] = ()
    definition: str = " "
    genus: str = " "
    text: str = " "
    length: int = 0
    commonness: float = 0.0
    stated: Mapping[str, Relation] = field(default_factory=dict, hash=False)

    @property
    def title(self) -> str:
        """The note's title."""
        return title_of(self.path)

    @property
    def name_stems(self) -> tuple[tuple[str, ...], ...]:
        """The stems of its title and aliases."""
        return tuple(found for name in (self.title, *self.names) if (found := tuple(stems(name))))


def standing(
    note: NoteRecord,
    chunks: Sequence[Occurrence],
    links: frozenset[VaultPath],
    linked_from: int,
    frequency: Mapping[str, int],
    passages: int,
    families: frozenset[str] = frozenset(),
) -> Standing:
    """What is known of `note`; `frequency` says in how many of the vault's `passages` each stem occurs, `families` are
    the words that many titles begin with: a text leaves them unsaid (“Pattern Observer” is “the observer”).
    """
    body = [chunk for chunk in chunks[:_CHUNKS] if not chunk.is_description]
    text = "\n".join(chunk.text for chunk in body)
    sentence = definition_of(body, (note.title, *note.aliases))
    return Standing(
        path=note.path,
        tags=frozenset(note.tags),
        links=links,
        linked_from=linked_from,
        names=(*note.aliases, *_own_name(note.title, families)),
        definition=spaced(stems(sentence)),
        genus=spaced(genus_of(sentence)),
        text=spaced(stems(plain(text))),
        length=sum(len(chunk.text.split()) for chunk in chunks),
        commonness=_commonness(note.title, frequency, passages),
        stated=stated_in(chunks),
    )


def unqualified(title: str) -> str:
    """A title without what stands in brackets at its end: “Reader (abstract)”."""
    return _QUALIFIER.sub("", title).strip() or title


def _own_name(title: str, families: frozenset[str]) -> list[str]:
    """A title without the word that many begin with, where something is left that may be looked for."""
    first, *rest = words(unqualified(title)) or [""]
    name = " ".join(rest)
    return [name] if first in families and len(name) >= _SHORTEST_NAME else []


def definition_of(chunks: Sequence[Occurrence], names: Sequence[str]) -> str:
    """The sentence, without Markdown, in which a note says what it is about: one of the first with its name and an
    «is»; else one with its name, or with an «is»; else the first.
    """
    called = [found for name in names if (found := stems(name))]
    best, most = "", -1
    for sentence in [one.plain for chunk in chunks[:2] for one in quotable(passage_of(chunk))][:_FIRST]:
        head = spaced(stems(sentence)[:8])
        worth = 2 * says(head, called) + bool(copula(sentence[:120]))
        if worth > most:
            best, most = sentence, worth
    return best


def genus_of(sentence: str) -> list[str]:
    """The stems of what a sentence says its subject is: what follows the first «is a», up to its end."""
    found = copula(sentence)
    if found is None:
        return []
    rest = sentence[found.end() :].lstrip()
    end = _GENUS_END.search(rest)
    kind = rest[: end.start()] if end else rest
    return [stem(word) for word in words(kind) if word not in STOP_WORDS][:_GENUS]


def spaced(found: Iterable[str]) -> str:
    """Stems in one text in which whole words can be looked for."""
    return " ".join(("", *found, ""))


def says(text: str, names: Sequence[Sequence[str]]) -> bool:
    """Whether a text of stems holds one of the names whole."""
    return any(f" {' '.join(name)} " in text for name in names)


def _commonness(title: str, frequency: Mapping[str, int], passages: int) -> float:
    found = [stem(word) for word in words(title) if word not in STOP_WORDS]
    if not found or not passages:
        return 0.0
    return sum(frequency.get(one, 0) for one in found) / len(found) / passages
