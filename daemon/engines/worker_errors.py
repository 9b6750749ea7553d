"""What can go wrong inside a worker, in words for the user."""

from collections.abc import Sequence

_UNCONSTRAINED = "The answer can not be constrained."


class WorkerError(Exception):
    """Something that the caller is told: a code of agents.errors, effect, cause, fix."""

    def __init__(self, code: str, effect: str, cause: str, fix: str) -> None:
        super().__init__(effect)
        self.event = {"event": "error", "code": code, "effect": effect, "cause": cause, "fix": fix}


def refused(path: str) -> WorkerError:
    """llama.cpp did not load the file."""
    return WorkerError(
        "engine_failed",
        f"The model file {path} can not be loaded.",
        "llama.cpp refused it; the log has its reason.",
        "Check that the file is whole and that memory suffices, or name another model.",
    )


def no_room(context: int) -> WorkerError:
    """There is no memory for a context."""
    return WorkerError(
        "engine_failed",
        "The model has no room to work.",
        f"llama.cpp could not make a context of {context} tokens; the log has its reason.",
        "Give the engine a smaller context or fewer gpu_layers.",
    )


def no_device(wanted: Sequence[str], present: Sequence[str]) -> WorkerError:
    """A device is named that is not there."""
    return WorkerError(
        "engine_failed",
        "The engine can not use the devices it is given.",
        f"llama.cpp was asked for {', '.join(wanted)} and has {', '.join(present)}.",
        "Name devices it has, or build llama-cpp-python for your GPU (see the how-to on models).",
    )


def broke_off(result: int) -> WorkerError:
    """llama.cpp failed in the middle of work."""
    return WorkerError(
        "engine_failed",
        "The engine broke off.",
        f"llama_decode returned {result}; the log has its reason.",
        "Ask again; if it happens again, give the engine a smaller context or fewer gpu_layers.",
    )


def no_pooling() -> WorkerError:
    """It is not known how to make one vector of many."""
    return WorkerError(
        "engine_failed",
        "The model can not embed.",
        "Its file does not say how the vectors of tokens become one.",
        'Write pooling = "mean" (or "cls", "last") as the model\'s page says.',
    )


def query_too_long(tokens: int, limit: int) -> WorkerError:
    """A question leaves no room for a passage."""
    return WorkerError(
        "context_length_exceeded",
        "The passages can not be reranked.",
        f"The question has {tokens} tokens and the model reads {limit}, the passage included.",
        "Ask something shorter, or raise max_tokens of the engine.",
    )


def bad_schema(error: Exception) -> WorkerError:
    """The JSON schema is beyond the converter."""
    return WorkerError(
        "bad_request",
        _UNCONSTRAINED,
        f"The JSON schema can not be turned into a grammar: {error!r}.",
        "Use types, properties, enums and arrays only.",
    )


def bad_grammar() -> WorkerError:
    """The GBNF is wrong."""
    return WorkerError(
        "bad_request",
        _UNCONSTRAINED,
        "llama.cpp does not understand the grammar.",
        "Give GBNF with a rule named root.",
    )


def no_template() -> WorkerError:
    """A model that was not made to chat."""
    return WorkerError(
        "engine_failed",
        "The model can not chat.",
        "Its file has no chat template: it is a base or an embedding model.",
        "Name an instruct model for this role.",
    )


def template_refused(error: Exception) -> WorkerError:
    """The template does not take this conversation."""
    return WorkerError(
        "bad_request",
        "The conversation does not fit the model.",
        f"Its chat template refuses it: {error}.",
        "Let user and assistant turns alternate, beginning with the user.",
    )


def too_long(prompt: int, answer: int, room: int) -> WorkerError:
    """Prompt and answer exceed the context."""
    return WorkerError(
        "context_length_exceeded",
        "The conversation does not fit the model.",
        f"The prompt has {prompt} tokens, {answer} are wanted for the answer, and the context has {room}.",
        "Shorten the conversation, ask for fewer tokens, or give the engine a larger context.",
    )


def text_too_long(text: str, tokens: int, limit: int) -> WorkerError:
    """A text exceeds what the model embeds at once."""
    return WorkerError(
        "context_length_exceeded",
        "A text can not be embedded.",
        f"It has {tokens} tokens and the model reads {limit}; it begins {text[:40]!r}.",
        "Cut the text into smaller pieces, or raise max_tokens of the engine.",
    )
