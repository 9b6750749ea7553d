"""Whatever a word means: a passage that says more of the note never speaks against it."""

from hypothesis import given
from hypothesis import strategies as st

from agents.mention.evidence import Place
from agents.mention.fit import sense_worth
from agents.mention.form import Form
from agents.mention.name import named
from agents.mention.sense import Sense
from agents.mention.senses import meanings, meanings_of_noun
from agents.mention.tokens import tokens
from vault_sync.paths import VaultPath

WORDS = ("bridge", "telescopes", "rootkit", "commit", "RAM", "слон", "гнейсу", "печь", "Spring")
NEAR = st.floats(-3, 8)
SHARED = st.floats(0, 1)


def worth(word: str, sense: Sense) -> float:
    name = next(named(VaultPath("Note.md"), "title", word))
    return sense_worth(name, Form("exact"), Place(tuple(tokens(word)), sense=sense))


@given(st.sampled_from(WORDS), NEAR, NEAR, SHARED, SHARED)
def test_more_evidence_is_never_worth_less(word: str, one: float, other: float, words: float, more: float) -> None:
    less = worth(word, Sense(True, min(words, more), min(one, other), 60))
    assert worth(word, Sense(True, max(words, more), max(one, other), 60)) >= less


@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=9) | st.sampled_from(WORDS))
def test_as_a_noun_no_word_means_more_than_in_all(word: str) -> None:
    assert 1 <= meanings_of_noun(word) <= meanings(word) <= 7
