import re

from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.native.tag_grammar import one_of

_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([()|?])| ', re.DOTALL)
TEXTS = st.text(alphabet='ab"\\\n\rжn', max_size=5)


def as_expression(grammar: str) -> str:
    """The regular expression that a grammar without rules is."""
    assert _PART.sub("", grammar) == ""
    return _PART.sub(lambda found: _literal(found[1]) if found[1] is not None else found[2] or "", grammar)


def _literal(text: str) -> str:
    letters = {"n": "\n", "r": "\r"}
    plain = re.sub(r"\\(.)", lambda found: letters.get(found[1], found[1]), text, flags=re.DOTALL)
    return f"(?:{re.escape(plain)})"


@given(st.lists(TEXTS, min_size=1, max_size=12), TEXTS)
def test_a_grammar_of_choices_takes_these_and_no_other(choices: list[str], other: str) -> None:
    expression = re.compile(as_expression(one_of(choices)))
    assert all(expression.fullmatch(each) for each in choices)
    assert bool(expression.fullmatch(other)) is (other in choices)


def test_what_choices_begin_with_stands_there_once() -> None:
    assert one_of(["yes", "yet", "no"]) == '"no" | "ye" ("s" | "t")'
    assert one_of(["a", "ab", "a"]) == '"a" ("b")?'
    assert one_of(str(number) for number in range(10_000)).count('"1"') < 2_000


def test_choices_that_go_on_and_on_are_not_nested_without_end() -> None:
    choices = ["a" * length for length in range(3_000)]
    assert re.fullmatch(as_expression(one_of(choices, 5)), "a" * 2_999)
    assert one_of(choices).count("(") == 100
