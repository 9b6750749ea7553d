"""Calls that a model makes by itself are held to their schemas, with real weights: whatever is said before, and by chance."""

import json
import random
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.errors import EngineError
from daemon.engines.dialogue.answers.format import AnswerFormat
from daemon.engines.dialogue.answers.lazy import CallWatch, Lazily, Style
from daemon.engines.dialogue.answers.parts import Called, Part, Said, Schemas, merged
from daemon.engines.files.registry import resolve_model
from daemon.engines.llama_cpp.batch_ports import Row
from daemon.engines.llama_cpp.native.model import LlamaModel
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.requests import LoadOptions, Sampling

pytestmark = pytest.mark.slow
MOST = 160
TOOLS = {
    "trains": {
        "type": "object",
        "properties": {
            "station": {"$ref": "#/$defs/Station"},
            "how_many": {"type": "integer"},
            "late": {"type": "boolean"},
        },
        "required": ["station", "how_many"],
        "$defs": {"Station": {"enum": ["Киев", 'Bern "HB"']}},
    },
    "now": {},
    "note": {"type": "object", "properties": {"text": {"type": "string"}, "tags": {"type": "array"}}},
}
ASKED = "<|im_start|>user\nWhen does the train leave?<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def model() -> LlamaModel:
    try:
        path = resolve_model(EngineSpec("small", "llama_cpp", "starter:smollm2"))
    except EngineError as error:
        pytest.skip(f"{error.cause} {error.fix}")
    return LlamaModel(LoadOptions(str(path), 1024, 1, threads=1), lambda _: None)


class Answer:
    """An answer whose first words are given; what follows is the model's."""

    def __init__(self, model: LlamaModel, form: AnswerFormat, sampling: Sampling, tools: Schemas = TOOLS) -> None:
        self.model = model
        self.parser = partial(form.parser, tools, ASKED)
        self.watch = CallWatch(self.parser, model.piece)
        words = partial(model.tokenize, control=False)
        lazily = Lazily(form.lazy(tools), self.watch, words, model.piece)
        given = Sampling(MOST, sampling.temperature, sampling.top_p, sampling.seed, calls=lazily)
        self.sampler = model.sequences.sampler(given)
        model.sequences.cut(0, 0)
        self.place = 0
        self.tokens: list[int] = []
        self.logits = self.read(model.tokenize(ASKED, control=True))

    def read(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        for start in range(0, len(tokens), 64):
            part = tokens[start : start + 64]
            self.model.sequences.decode([Row(0, self.place, part, int(start + 64 >= len(tokens)))])
            self.place += len(part)
        return np.array(self.model.sequences.logits()[0])

    def say(self, text: str) -> None:
        """The model wants to say nothing else."""
        for token in self.model.tokenize(text, control=False):
            wanted = self.logits.copy()
            wanted[token] = 1000.0
            self.took(self.sampler.sample(wanted).token)

    def took(self, token: int) -> None:
        self.tokens.append(token)
        self.logits = self.read([token])

    def go_on(self, most: int = MOST) -> "Answer":
        """As the model likes, until it has called something."""
        while len(self.tokens) < most and not any(isinstance(part, Called) for part in self.parts()):
            token = self.sampler.sample(self.logits).token
            if self.model.sequences.ends(token):
                break
            self.took(token)
        return self

    def text(self) -> str:
        return b"".join(map(self.model.piece, self.tokens)).decode("utf-8", "replace")

    def parts(self) -> list[Part]:
        parser = self.parser()
        return merged([*parser.feed(self.text()), *parser.finish()])


def check(call: Called) -> None:
    arguments = json.loads(call.arguments)
    if call.name == "now":
        assert arguments == {}
        return
    if call.name == "note":
        assert arguments.keys() <= {"text", "tags"} and isinstance(arguments.get("tags", []), list)
        return
    assert call.name == "trains"
    assert {"station", "how_many"} <= arguments.keys() <= {"station", "how_many", "late"}
    assert arguments["station"] in ("Киев", 'Bern "HB"')
    assert isinstance(arguments["how_many"], int) and isinstance(arguments.get("late", True), bool)


BEGINNINGS: dict[Style, tuple[str, ...]] = {
    "json_tags": ("<tool_call>", "Well.\n<tool_call>\n", '<tool_call>\n{"name": "tr', '<tool_call> {"name":"now'),
    "function_tags": (
        "<tool_call>",
        "<tool_call>\n<function=trains>\n<parameter=station>",
        "<function=",
        "Well.\n<tool_call>\n<function=note>\n<parameter=text>\n a < b </para",
    ),
    "bare": ('{"name": "trains"', '{"name":"now", ', '{"name": "trains"}'),
    "harmony": (
        "<|channel|>commentary to=functions.trains <|constrain|>json<|message|>",
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.now<|message|>",
    ),
}


@pytest.mark.parametrize(("style", "begun"), [(style, each) for style, all in BEGINNINGS.items() for each in all])
@pytest.mark.parametrize("temperature", [0.0, 1.0, 3.0])
def test_a_call_that_was_begun_is_one_by_its_schema(
    model: LlamaModel, style: Style, begun: str, temperature: float
) -> None:
    for seed in random.Random(begun).sample(range(1000), 3 if temperature else 1):
        answer = Answer(model, AnswerFormat(style), Sampling(MOST, temperature, seed=seed))
        answer.say(begun)
        answer.go_on()
        if len(answer.tokens) < MOST:  # a number may go on for ever
            calls = [part for part in answer.parts() if isinstance(part, Called)]
            assert len(calls) == 1 or begun.endswith("}"), "where this end was refused the name may go on"
            for call in calls:
                check(call)


def test_after_a_call_the_model_is_free_again_and_may_call_again(model: LlamaModel) -> None:
    answer = Answer(model, AnswerFormat("json_tags"), Sampling(MOST))
    call = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'
    answer.say(f"{call} and now: {call}")
    assert merged(answer.parts()) == [Called("now", "{}"), Said("and now:"), Called("now", "{}")]


def test_a_token_that_reaches_from_the_mark_into_what_is_no_call_is_not_said(model: LlamaModel) -> None:
    answer = Answer(model, AnswerFormat("json_tags"), Sampling(MOST))
    answer.say("<tool_call")
    pieces = {model.piece(token): token for token in range(49152)}
    beyond = [token for piece, token in pieces.items() if piece[:1] == b">" and piece.strip() not in (b">", b'>{"')]
    assert beyond
    wanted = answer.logits.copy()
    wanted[beyond] = 100.0
    wanted[pieces[b">"]] = 99.0
    answer.took(answer.sampler.sample(wanted).token)
    assert answer.text() == "<tool_call>"
    answer.go_on()
    check(next(part for part in answer.parts() if isinstance(part, Called)))


def test_a_call_whose_schema_allows_nothing_more_is_left_alone(model: LlamaModel) -> None:
    odd = {
        "type": "object",
        "properties": {"x": {"type": "string", "pattern": "^a[^\\x00-\\U0010FFFF]$"}},
        "required": ["x"],
    }
    answer = Answer(model, AnswerFormat("json_tags"), Sampling(MOST), {"odd": odd})
    call = '<tool_call>{"name": "odd", "arguments": {"x": "a b"}}</tool_call>'
    answer.say(call)
    assert answer.text() == call
    assert answer.parts() == [Called("odd", '{"x": "a b"}')]


def test_a_mark_within_thoughts_begins_no_call(model: LlamaModel) -> None:
    answer = Answer(model, AnswerFormat("json_tags", thinks=True), Sampling(MOST))
    said = "<think>I could write <tool_call>hm</tool_call>.</think>So it is."
    answer.say(said)
    assert answer.text() == said


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("bare", '{"name": "Bern", "size": [1, 2]} is it.'),
        ("bare", '{\n  "name": "trains" }'),
        ("harmony", "<|channel|>commentary to=browser.open<|message|>{1}"),
        ("json_tags", "A < b, <tool and </tool_call>."),
    ],
)
def test_what_is_no_call_is_left_alone(model: LlamaModel, style: Style, said: str) -> None:
    answer = Answer(model, AnswerFormat(style), Sampling(MOST))
    answer.say(said)
    assert answer.text() == said
