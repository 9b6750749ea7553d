"""Whether a sentence is meant for who reads its page from the start, or is to sell something. Pure."""

import re

from agents.quotation.phrase import any_of
from agents.quotation.vocabulary import ADDRESSES, SUPERLATIVES

_ADDRESS = re.compile(rf"\b{any_of(ADDRESSES)}\b", re.IGNORECASE)
_BOAST = re.compile(rf"(?:the|your|a|an)?\s*(?:\w+['’]s\s+)?{any_of(SUPERLATIVES)}\b", re.IGNORECASE)


def speaks_to_reader(shown: str) -> bool:
    """Whether it explains something to a reader: “We now …”, «Вам нужно …»."""
    return _ADDRESS.search(shown) is not None


def boasts(shown: str) -> bool:
    """Whether it begins as an advertisement does: “The world's best …”."""
    return _BOAST.match(shown) is not None
