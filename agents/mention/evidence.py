"""What is known of a place where a name was found, and of the note that the name may mean."""

from dataclasses import dataclass

from agents.mention.sense import UNKNOWN, Sense
from agents.mention.tokens import Token


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name was found: its words, and the ones right beside it, nothing but a blank between.

    `begins` says that a sentence begins there, so that a capital says nothing; `longer` that a capital word beside it
    looks like a part of the same name; `hints` that a word beside it says what it is («язык C»).
    """

    words: tuple[Token, ...]
    before: Token | None = None
    after: Token | None = None
    begins: bool = False
    longer: bool = False
    joined: bool = False
    hints: bool = False
    label: bool = False
    """They are the label of a line, «Template: …», or of a table's column."""
    listed: bool = False
    """They are an item of a list between items that are links."""
    enumerated: bool = False
    """They stand beside links in one enumeration within a line."""
    defines: bool = False
    """They say what their own note is, in its definition."""
    phrase: bool = False
    """They are a part of a set phrase: «в свою очередь»."""
    own_name: bool = False
    """Their own note is called so."""
    own_phrase: bool = False
    """They are a part of a phrase that is a title or a heading of their own note."""
    same_folder: bool = False
    """Their own note lies in the folder of the one that they may mean."""
    share: float = 0.0
    """The share of the vault's passages that have the rarest of the words; 0 where nobody knows."""
    passages: int = 0
    sense: Sense = UNKNOWN
    """How well the note fits what is said around."""
    spelled_out: bool = False
    """The note says what the initials stand for."""
