"""Which form a model gives its answers, recognised from its chat template, and how an answer is made to have one. Pure.

A constrained answer (grammar, schema, forced call) leaves no room for thoughts, channels or tags, so what must stand
before it is put into the prompt.
"""

from dataclasses import dataclass

from daemon.engines.dialogue.answers import bare, harmony
from daemon.engines.dialogue.answers.bare import BareParser
from daemon.engines.dialogue.answers.harmony import HarmonyParser
from daemon.engines.dialogue.answers.lazy import LazyCalls, Style
from daemon.engines.dialogue.answers.parts import AnswerParser, PlainParser, Schemas
from daemon.engines.dialogue.answers.schemas import NO_ARGUMENTS, one_call
from daemon.engines.dialogue.answers.tags import FunctionTags, JsonTags, TagParser

_CALL = "<tool_call>\n"


@dataclass(frozen=True, slots=True)
class Forced:
    """What makes an answer a call: a beginning that goes into the prompt, and the JSON schema of the rest."""

    beginning: str
    schema: dict[str, object]


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """How calls look, and whether the model thinks aloud between `<think>` tags."""

    style: Style = "plain"
    thinks: bool = False

    @property
    def calls(self) -> bool:
        """Whether it is known how this model calls tools."""
        return self.style != "plain"

    @property
    def controls(self) -> frozenset[str]:
        """The control tokens that carry the form: they must come out as text."""
        return {"harmony": harmony.CONTROLS, "bare": frozenset({bare.TAG})}.get(self.style, frozenset())

    def parser(self, schemas: Schemas, prompt: str) -> AnswerParser:
        """The parser of one answer to this prompt. Without tools nothing is a call."""
        if self.style == "harmony":
            return HarmonyParser(calls=bool(schemas))
        if self.style == "bare" and schemas:
            return BareParser(schemas)
        tags = None
        if schemas and self.style in ("json_tags", "function_tags"):
            tags = FunctionTags(schemas) if self.style == "function_tags" else JsonTags()
        if tags is None and not self.thinks:
            return PlainParser()
        return TagParser(tags, thinks=self.thinks, thinking=self.thinks and _is_thinking(prompt))

    def answering(self, prompt: str) -> str:
        """What is put behind the prompt so that a constrained answer begins at once."""
        if self.style == "harmony":
            return "<|channel|>final<|message|>"
        return "\n</think>\n\n" if self.thinks and _is_thinking(prompt) else ""

    def lazy(self, schemas: Schemas) -> LazyCalls:
        """What holds the calls that a model makes by itself to the schemas of these tools, from their beginning on."""
        return LazyCalls(self.style, schemas)

    def forced(self, schemas: Schemas, prompt: str) -> Forced:
        """How an answer is made to be one call of one of these tools.

        Models that write a call as tags write it as JSON here: a JSON schema can hold it to the tool's schema.
        """
        if self.style == "harmony":
            return _forced_harmony(schemas)
        beginning = self.answering(prompt)
        if self.style == "bare":
            return Forced(beginning, one_call(schemas, "parameters"))
        return Forced(f"{beginning}{_CALL}", one_call(schemas, "arguments"))


def recognised(template: str) -> AnswerFormat:
    """The format of the model whose chat template this is."""
    thinks = "</think>" in template
    if harmony.CHANNEL in template and harmony.MESSAGE in template:
        return AnswerFormat("harmony")
    if "<tool_call>" in template and "<function=" in template and "<parameter=" in template:
        return AnswerFormat("function_tags", thinks)
    if "<tool_call>" in template and "<arg_key>" not in template:
        return AnswerFormat("json_tags", thinks)
    if bare.TAG in template or ("<|start_header_id|>" in template and '"parameters"' in template):
        return AnswerFormat("bare", thinks)
    return AnswerFormat("plain", thinks)


def _is_thinking(prompt: str) -> bool:
    return prompt.rstrip().endswith("<think>")


def _forced_harmony(schemas: Schemas) -> Forced:
    """The recipient is a part of the header; where there are several to choose from, their names go into the JSON."""
    name, schema = next(iter(schemas.items()))
    recipient = f"functions.{name}" if len(schemas) == 1 else "functions"
    wanted = dict(schema or NO_ARGUMENTS) if len(schemas) == 1 else one_call(schemas, "arguments")
    return Forced(f"<|channel|>commentary to={recipient} <|constrain|>json<|message|>", wanted)
