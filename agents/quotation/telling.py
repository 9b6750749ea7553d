"""Whether a sentence of a note tells the reader of another note something, standing there alone. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agents.quotation import prose, reference, shape, subject, tone, verb
from agents.quotation.alone import leans
from agents.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Quotation:
    """A sentence as it would be quoted in another note.

    `names` are those of its note, `others` those of the reader's; `opens` says that nothing stands before it, or that it is
    called a description, so that what it leaves unsaid is its title; `near` that it has words that tell the reader's note apart.
    """

    sentence: Sentence
    names: Sequence[str]
    others: Sequence[str]
    opens: bool
    near: bool

    @property
    def shown(self) -> str:
        """The sentence as it is read aloud."""
        return self.sentence.plain

    @property
    def titled(self) -> bool:
        """Whether what it leaves unsaid is clear: it opens its note, and is no item of a list there."""
        return self.opens and not prose.is_item(self.sentence)


def tells_reader(one: Quotation) -> bool:
    """Whether it can be read where it would stand, and says something there of one of the two notes."""
    return not any(fault(one) for fault in _FAULTS)


def is_no_prose(one: Quotation) -> bool:
    """Whether it is a row, a formula, or has a tag."""
    return not prose.is_prose(one.sentence)


def is_in_pieces(one: Quotation) -> bool:
    """Whether something fell out of it, or it is a piece of a sentence itself."""
    return shape.is_broken(one.shown) or begins_oddly(one.shown) or not shape.is_closed(one.shown)


def begins_oddly(shown: str) -> bool:
    """Whether it begins with a mark, or with brackets, and not with a word."""
    return not (shown[:1].isalnum() or shown[:1] in shape.OPENING) or shown.startswith("(")


def refers_elsewhere(one: Quotation) -> bool:
    """Whether it means something that is not seen beside it. What opens a note may mean its title."""
    if one.opens and reference.means_title(one.shown):
        return reference.speaks_of_page(one.shown)
    return leans(one.shown) or reference.leans_on_before(one.shown)


def urges(one: Quotation) -> bool:
    """Whether it says what to buy, or what to do."""
    return tone.boasts(one.shown) or verb.gives_order(one.shown)


def says_no_more(one: Quotation) -> bool:
    """Whether it has hardly a word beside the names of both notes, which the reader knows."""
    return not subject.says_more(one.shown, (*one.names, *one.others))


def leaves_unsaid(one: Quotation) -> bool:
    """Whether it does not say what it is about, and it is not clear: it has no verb, or begins in the middle."""
    if not one.titled and one.sentence.language == "en" and verb.lacks_verb(one.shown):
        return True
    return one.shown[:1].islower() and not one.opens and not names_its_note(one)


def is_of_third(one: Quotation) -> bool:
    """Whether it says what a thing is that neither note is called after."""
    return not one.titled and subject.defines_another(one.shown, (*one.names, *one.others)) and not names_its_note(one)


def is_of_neither(one: Quotation) -> bool:
    """Whether nothing ties it to one of the two notes: neither its place, nor their names, nor their words."""
    return not (one.opens or one.near or names_its_note(one) or subject.names_most(one.shown, one.others))


def names_its_note(one: Quotation) -> bool:
    """Whether it has half of a name of its note."""
    return subject.names_most(one.shown, one.names)


_FAULTS: Final[tuple[Callable[[Quotation], bool], ...]] = (
    is_no_prose,
    is_in_pieces,
    refers_elsewhere,
    urges,
    says_no_more,
    leaves_unsaid,
    is_of_third,
    is_of_neither,
)
