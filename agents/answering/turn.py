"""What an engine is sent: a system prompt that never changes, past turns as they were, the notes in the newest."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.answering.conversation import Turn, Turns
from agents.answering.retrieve import Found
from agents.ports import ChatEngine, Message
from agents.prompts import Prompts
from vault_sync.paths import VaultPath
from vault_sync.search.search import Passage

ROOMY = 16_000
"""From so many tokens of context on, an engine is shown all that was retrieved, not only what holds evidence."""
_FENCE_MARK = re.compile(r"<<<(?=\s*NOTES)|(?<=NOTES)(\s*)>>>")


@dataclass(frozen=True, slots=True)
class Prepared:
    """The messages for the engine and the passages that they show."""

    messages: tuple[Message, ...]
    shown: tuple[Passage, ...]


def fenced(passages: Sequence[Passage]) -> str:
    """Passages as data: each under its place, without anything that could end the fence around them."""
    blocks = (f"[{' › '.join((one.title, *one.heading))}]\n{one.text.strip()}" for one in passages)
    return _FENCE_MARK.sub(lambda match: " " * len(match.group()), "\n\n".join(blocks))


def to_show(found: Found, context_tokens: int) -> list[Passage]:
    """The passages with evidence, best first; in a roomy context the other retrieved ones after them."""
    holding = [item.sentence.passage for item in found.evidence]
    rest = found.passages if context_tokens >= ROOMY else ()
    return list({passage.occurrence: passage for passage in (*holding, *rest)}.values())


class Turner:
    """Builds the messages of an answer and remembers them for the next."""

    def __init__(self, prompts: Prompts, turns: Turns, allowed: Callable[[VaultPath], bool]) -> None:
        self._prompts = prompts
        self._turns = turns
        self._allowed = allowed

    async def prepare(
        self, engine: ChatEngine, task: str, messages: Sequence[Message], found: Found, max_tokens: int
    ) -> Prepared:
        """Fit notes and history into the engine's context: passages go first, then the oldest turns."""
        talk = [message for message in messages if message.role != "system"]
        system = self._system(task, messages)
        past = self._turns.replay(talk[:-1], self._allowed)
        shown = to_show(found, engine.context_tokens) if found.evidence else []
        room = engine.context_tokens - min(max_tokens, engine.context_tokens // 4)
        while True:
            newest = Message("user", self._newest(talk[-1].content, shown))
            whole = (system, *past, newest)
            if (len(shown) <= 1 and not past) or await engine.count_tokens(whole) <= room:
                break
            if len(shown) > 1:
                shown.pop()
            else:
                del past[:2]
        self._turns.remember(talk, Turn(newest.content, tuple(one.path for one in shown)))
        return Prepared(whole, tuple(shown))

    def _system(self, task: str, messages: Sequence[Message]) -> Message:
        wishes = [message.content for message in messages if message.role == "system"]
        return Message("system", "\n\n".join((self._prompts.render(task), *wishes)))

    def _newest(self, question: str, shown: Sequence[Passage]) -> str:
        if not shown:
            return question
        return self._prompts.render("answer-turn", notes=fenced(shown), question=question)
