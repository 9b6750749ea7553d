"""The torture harness knows what Famulus put into a note, and loses no byte of the user over it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.torture.put_in import line_of, put_in, recovered, without

HEAD = b"---\n# kept: yes\ntags: [a,   b]\nodd:   'x'\n---\n"


@pytest.mark.parametrize(
    ("own", "now"),
    [
        (b"about caches.\n", b"about [[Cache|caches]].\n"),
        (b"Cache\r\nCache", b"[[Cache]]\r\n[[Folder/Cache|Cache]]"),
        (b"| a | cache |\n", b"| a | [[KV cache\\|cache]] |\n"),
        (b"C# and [[A|b]]", b"[C#](C%23.md) and [[A|b]]"),
        (b"[[A]] a [b](c)", b"[[A]] [[A|a]] [b](c)"),
        (b"text", b"---\ndescription: It is so.\ntags:\n  - a\n---\ntext"),
        (b"\xef\xbb\xbftext", b"\xef\xbb\xbf---\r\ntags:\r\n  - a\r\n---\r\ntext"),
        (HEAD + b"text", HEAD.replace(b"b]", b"b, c/d]").replace(b"---\n", b"description: X\n---\n", 2)[15:] + b"text"),
        (b"---\ntags:\n  - a\n---\nx", b"---\ntags:\n  - a\n  - b\n---\n[[Y|x]]"),
        (b"---\ndescription:\n---\n", b"---\ndescription: A sentence.\n---\n"),
        (b"", b"---\ntags:\n  - a\n---\n"),
    ],
)
def test_what_was_put_in_is_cut_out(own: bytes, now: bytes) -> None:
    puts = put_in(own, now)
    assert puts and without(now, puts) == own
    assert recovered(own, now) == own


@pytest.mark.parametrize(
    ("own", "now"),
    [
        (b"about caches.\n", b"about [[Cache]].\n"),
        (b"about caches.\n", b"about [[Cache|Caches]].\n"),
        (b"about caches.\n", b"about [[Cache|caches]]\n"),
        (b"about caches.\n", b"about caches and more.\n"),
        (b"see [[Cache|caches]]", b"see caches"),
        (b"text", b"---\ntags:\n  - a\nodd: 1\n---\ntext"),
        (b"text", b"\xef\xbb\xbf---\ntags:\n  - a\n---\ntext"),
        (HEAD, HEAD.replace(b"   b", b" b")),
        (HEAD, HEAD.replace(b"# kept: yes\n", b"")),
        (HEAD, HEAD.replace(b"odd:   'x'", b"odd:   'x', y")),
        (b"a\nb\n", b"a\n"),
    ],
)
def test_what_is_not_as_the_user_wrote_it_stays_a_loss(own: bytes, now: bytes) -> None:
    assert put_in(own, now) is None


WORDS = st.lists(st.sampled_from(["a", "кэш", "[[A]]", "[[A|b]]", "[x](y)", "|", "[", "\n", "\r\n", " "]), max_size=12)


@given(WORDS, st.sets(st.integers(0, 11)), st.booleans())
def test_any_words_may_become_links(words: list[str], which: set[int], head: bool) -> None:
    own = "".join(words).encode()
    linked = [f"[[N|{w}]]" if i in which and w.isalpha() else w for i, w in enumerate(words)]
    now = ("---\ntags:\n  - a\n---\n" * head + "".join(linked)).encode()
    puts = put_in(own, now)
    if "[" not in words:  # a bracket right before a link makes it another one
        assert puts is not None
    assert puts is None or without(now, puts) == own


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_what_is_cut_out_never_hides_a_difference(own: bytes, now: bytes) -> None:
    puts = put_in(own, now)
    assert puts is None or without(now, puts) == own


@given(WORDS, st.integers(0, 40))
def test_a_byte_that_is_gone_is_found(words: list[str], at: int) -> None:
    own = "".join(words).encode()
    now = own[:at] + own[at + 1 :]
    puts = put_in(own, now)
    assert puts is None or (puts == () and own == now)


def test_of_a_note_that_lost_a_line_the_others_are_known() -> None:
    own, now = b"one cache\ntwo\nthree\n", b"---\ntags:\n  - a\n---\none [[KV|cache]]\nthree\nfour [[X]]\n"
    assert put_in(own, now) is None
    assert recovered(own, now) == b"one cache\nthree\nfour [[X]]\n"
    assert line_of([b"one cache", b"two"], b"one [[KV|cache]]") == b"one cache"
    assert line_of([b"two"], b"one [[KV|cache]]") is None
