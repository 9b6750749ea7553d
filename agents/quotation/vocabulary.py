"""The words by which a sentence is known to lean on another, to lack a verb or to boast, by language. Data alone.

Phrases are set apart by commas; a star stands for any ending.
"""

from collections.abc import Mapping
from typing import Final

Words = Mapping[str, str]
"""Phrases by language. Both languages are looked for in every sentence: notes in one have words of the other."""

POINTERS: Final[Words] = {
    "en": """
        it, its, it's, this, these, those, they, their, that, such, he, she, here, also, however, see, and, but, so, then,
        thus, therefore, one of its, one of it's, one of them, one of these, one of several, one of many
    """,
    "ru": """
        он, она, они, оно, его, её, ее, их, этот, эта, это, эти, этой, этим, данный, данная, данное, данного, данной,
        данному, данную, данном, там, здесь, также, кроме того, поэтому, см, смотри, и, а, но, тогда, затем, в ней, в нём,
        в нем, в них, в этом, в этой, для него, для неё, для нее, для них, для этого
    """,
}
"""First words that point at the sentence before."""
TITLE_POINTERS: Final[Words] = {"en": "it, it's, this", "ru": "он, она, они, оно, это"}
"""Those of them that mean its title in the sentence that opens a note."""
PAGES: Final[Words] = {
    "en": "page, section, note, article, chapter, definition, example, list",
    "ru": "страниц*, раздел*, заметк*, стать*, глав*",
}
"""What a text calls itself."""
CONNECTIVES: Final[Words] = {
    "en": """
        instead, now, for example, for instance, e.g., in other words, that is, at the same time, in this, in that, in these,
        in those, in such, with it, with this, with its, with these, the same, otherwise, likewise, similarly, besides,
        moreover, finally, lastly
    """,
    "ru": """
        в нашем, теперь, пора, например, то есть, при этом, при таком, в этих, в этом, в этой, в таких, в таком, в такой,
        в данном, в данной, с его, с её, с их, с этим, с этой, для этого, для этой, для этих, к примеру, приведем, приведём,
        рассмотрим, давайте, причем, причём, иначе, благодаря этому, благодаря ему, благодаря ей, из-за этого, после этого,
        либо, или, так, итак, отсюда, аналогично, наконец, далее, во-первых, во-вторых
    """,
}
"""First words that go on with what was said before."""
DEMONSTRATIVES: Final[Words] = {
    "en": "this, these, those",
    "ru": """
        этот, эта, это, эти, этого, этой, этому, этим, этих, этими, этом, эту, такой, такая, такое, такие, такого, такому,
        таким, таких, такую, данный, данная, данное, данного, данной, данному, данную, данном
    """,
}
"""Words that mean something which was named before, wherever they stand."""
BEINGS: Final[Words] = {"en": "is, are, was, were"}
CONDITIONS: Final[Words] = {"en": "if, when, once, after, first, as soon as, by, and, that, which, who"}
"""Words that say, before a “then”, after what."""
ADDRESSES: Final[Words] = {
    "en": "we, our, us",
    "ru": """
        мы, нас, нам, наш*, вы, вам, вас, ваш*, нажмите, введите, напишите, откройте, перейдите, кликните
    """,
}
"""Who writes so explains something to a reader, step by step, or says what is to be pressed and typed."""
SUPERLATIVES: Final[Words] = {"en": "best, leading, ultimate, perfect, greatest, easiest, fastest"}
"""What advertisements say."""
COPULAS: Final[Words] = {
    "en": """
        is, are, was, refer to, refers to, means, allow, allows, provide, provides, describe, describes, stands for, consist of,
        consists of
    """,
    "ru": "это, является, являются, называется, представляет, позволяет, используется, служит, означает",
}
"""Verbs by which a sentence says what something is."""
DEFINING: Final[Words] = {"en": "are, refer to, refers to", "ru": "это, является"}
"""Those of them after which most definitions go on; «is» does before an article."""
AUXILIARIES: Final[Words] = {
    "en": """
        is, are, was, were, has, have, can, may, must, will, does, do, allow, allows, let, lets, use, uses, means, refer, refers,
        provide, provides, make, makes, give, gives
    """
}
"""Verbs that a noun may have before a clause goes on about it: «A thing that …» has none."""
VERBS: Final[Words] = {
    "en": """
        is, are, was, were, has, have, had, can, could, may, might, must, should, will, would, does, do, did, cannot, refer,
        refers, mean, means, use, uses, allow, allows, let, lets, enable, enables, help, helps, provide, provides, make, makes,
        give, gives, take, takes, need, needs, require, requires, work, works, read, reads, write, writes, store, stores, send,
        sends, return, returns, contain, contains, consist, consists, include, includes, create, creates, run, runs, keep,
        keeps, hold, holds, convert, converts, translate, translates, execute, executes, connect, connects, support, supports,
        offer, offers, reduce, reduces, improve, improves, prevent, prevents, protect, protects, become, becomes
    """
}
"""The verbs that most English sentences of notes have one of."""
BARE_STARTS: Final[Words] = {
    "en": """
        Is, Are, Has, Can, Use, Uses, Used, Allow, Allows, Provide, Provides, Let, Lets, Help, Helps, Make, Makes, Give, Gives,
        Inspired, Typically
    """
}
"""First words, as they are spelled there, of a sentence that leaves out whom it is about."""
ADVERBS: Final[Words] = {
    "en": """
        Additionally, Also, Automatically, Commonly, Currently, Frequently, Generally, Mainly, Mostly, Normally, Often,
        Optionally, Originally, Primarily, Sometimes, Typically, Usually
    """
}
"""First words after which a sentence with a subject names it."""
RUSSIAN_VERBS: Final[Words] = {
    "ru": """
        *ет, *ит, *ют, *ят, *ат, *ут, *ёт, *ется, *ится, *ются, *ятся, *атся, *утся, *ётся, *л, *ла, *ло, *ли, *лся, *лась,
        *лось, *лись, *ть, *ти, *ться, нет, есть, можно, нельзя, нужно, нужен, нужна, нужны, должен, должна, должно, должны, *ан,
        *ана, *ано, *аны, *ен, *ена, *ено, *ены
    """
}
"""Endings of verbs, and words that stand for one; some nouns end so too, and are taken for verbs."""
OBJECT_STARTS: Final[Words] = {"en": "a, an, the, more, less, to, for, with, on, in, by, all"}
"""Words that follow a verb, and no plural of a noun: «Sends a …»."""
