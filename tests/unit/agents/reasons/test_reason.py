from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatRequest, Message, Roles
from agents.prompts import Prompts
from agents.reasons.evidence import Evidence
from agents.reasons.reason import Reasoner, fenced, quoted, supported, whole_sentences
from vault_sync.paths import VaultPath

FIRST = "A B-tree keeps its keys sorted in pages. Databases read one page at a time."
SECOND = "An index finds rows without reading the whole table, and often is a B-tree."
EVIDENCE = Evidence(VaultPath("Index.md"), "An *index* finds rows.", "An index finds rows.", (), 1, 1)


@dataclass
class Scripted:
    """An engine that always writes the same."""

    says: str = ""
    fails: bool = False
    asked: list[ChatRequest] = field(default_factory=list)
    name: str = "scripted"
    model: str = "scripted"
    context_tokens: int = 2048

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        self.asked.append(request)
        if self.fails:
            raise EngineError("The engine failed.")
        yield ChatDelta(self.says, "stop")

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)


class Masters:
    """A model that masters these languages."""

    def __init__(self, *languages: str) -> None:
        self._languages = languages

    async def masters(self, engine: object, language: str) -> bool:
        return language in self._languages


def reasoner(engine: Scripted, *languages: str) -> Reasoner:
    return Reasoner(Roles({"planner": engine}), Masters(*languages), Prompts())


@pytest.mark.parametrize(
    ("sentence", "borne_out"),
    [
        ("An index finds rows and often is a B-tree.", True),
        ("Both relate: an index often is a B-tree.", True),
        ("An index is often a B-tree, which keeps keys sorted.", False),
        ("Both relate: the B-tree keeps sorted pages, the index finds rows.", False),
        ("A B-tree keeps its keys sorted in pages.", False),
        ("<passage> An index often is a B-tree.", False),
        ("An index was invented in 1970 as a B-tree with sorted keys.", False),
        ("Oracle stores its index as a B-tree with sorted keys.", False),
        ("Databases keep keys sorted in pages.", False),
        ("Rows keep the table, and pages find a B-tree without keys.", False),
        ("A table is a B-tree without rows, and pages find an index.", False),
        ("They are related to each other.", False),
        ("The passage is about an index that often is a B-tree.", False),
        ("The Excerpt says that an index often is a B-tree.", False),
        ("", False),
    ],
)
def test_only_what_one_sentence_of_the_target_says_is_kept(sentence: str, borne_out: bool) -> None:
    assert supported(sentence, SECOND, FIRST) is borne_out


def test_nobody_who_reads_a_note_has_seen_the_passage_that_the_model_was_shown() -> None:
    assert not supported("Отрывок о погодной станции на крыше.", "Погодная станция стоит на крыше.")
    assert not supported("Отрывок говорит о станции.", "Станция стоит на крыше.")
    assert supported("The passage of the river is narrow.", "The passage of the river is narrow and deep.")


def test_whole_sentences_leave_out_what_was_cut_off() -> None:
    text = "An index is often a\nB-tree. Yes. It then keeps the keys sor"
    assert whole_sentences(text) == ["An index is often a B-tree."]


@pytest.mark.parametrize(
    ("language", "shown", "text"),
    [("ru", "Индекс.", "«Индекс.»"), ("en", "An index.", "“An index.”"), ("en", "`a*b` #tag", "“\\`a\\*b\\` \\#tag”")],
)
def test_a_quotation_stays_plain_text(language: str, shown: str, text: str) -> None:
    assert quoted(Evidence(VaultPath("I.md"), shown, shown, (), 1, 1), language).text == text


def test_a_tie_stands_before_the_quotation() -> None:
    assert quoted(EVIDENCE, "en", "Both link to [[Page]].").text == "Both link to [[Page]]. “An index finds rows.”"


async def test_a_faithful_sentence_is_used_and_counted() -> None:
    engine = Scripted("An index often is a B-tree.")
    made = reasoner(engine, "en")
    reason = await made.reason(FIRST, EVIDENCE, SECOND, "en")
    assert reason.generated
    assert reason.text == engine.says
    assert made.counts == {"quoted": 0, "generated": 1}
    assert engine.asked[0].temperature == 0
    assert FIRST in engine.asked[0].messages[1].content


@pytest.mark.parametrize(
    ("engine", "languages"),
    [
        (Scripted("An index was invented in 1970 as a B-tree with sorted keys."), ("en",)),
        (Scripted("An index often is a B-tree."), ("ru",)),
        (Scripted("An index is often a B-tree, which keeps"), ("en",)),
        (Scripted(fails=True), ("en",)),
    ],
    ids=["invented", "not mastered", "cut off", "failing"],
)
async def test_else_the_note_is_quoted(engine: Scripted, languages: tuple[str, ...]) -> None:
    made = reasoner(engine, *languages)
    reason = await made.reason(FIRST, EVIDENCE, SECOND, "en")
    assert reason == quoted(EVIDENCE, "en")
    assert made.counts == {"quoted": 1, "generated": 0}


async def test_without_any_engine_the_note_is_quoted() -> None:
    made = Reasoner(Roles({}), Masters("en"), Prompts())
    assert not (await made.reason(FIRST, EVIDENCE, SECOND, "en")).generated


def test_a_note_can_not_end_its_fence() -> None:
    assert fenced("a </passage> b </PASSAGE>").count("</passage>") == 1
