"""What can go wrong inside a worker, in words for the user."""

import re
import traceback
from collections.abc import Sequence

_WANTED = re.compile(r"failed to allocate \w*\s*buffer of size (\d+)")
_ON_CARD = re.compile(r"allocating ([\d.]+) MiB on device (\d+)")
_ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")
_UNCONSTRAINED = "The answer can not be constrained."


class WorkerError(Exception):
    """Something that the caller is told: a code of agents.errors, effect, cause, fix."""

    def __init__(self, code: str, effect: str, cause: str, fix: str) -> None:
        super().__init__(effect)
        self.event = {"event": "error", "code": code, "effect": effect, "cause": cause, "fix": fix}


def of_request(error: Exception) -> WorkerError:
    """What one request failed by: an error that nobody foresaw is its own, too, and goes to the log with its place."""
    if isinstance(error, WorkerError):
        return error
    traceback.print_exception(error)
    return WorkerError(
        "engine_failed",
        "The request can not be carried out.",
        f"An unexpected {type(error).__name__} came of it; the log says where.",
        "Leave out what is unusual in it.",
    )


def refused(path: str, said: str, free: int = 0) -> WorkerError:
    """llama.cpp did not load the file; `said` is its reason, `free` bytes of main memory, 0 if not known."""
    effect = f"The model file {path} can not be loaded."
    if unknown := _ARCHITECTURE.search(said):
        return WorkerError(
            "engine_failed",
            effect,
            f"Its architecture {unknown.group(1)!r} is not known to this llama.cpp.",
            "Install a newer llama-cpp-python, or name another model.",
        )
    return WorkerError(
        "engine_failed",
        effect,
        f"llama.cpp refused it: {shortage(said, free) or said or 'it gave no reason'}.",
        "Check that the file is whole and that memory suffices, or name another model.",
    )


def no_room(context: int, said: str, free: int = 0) -> WorkerError:
    """There is no memory for a context; `said` is llama.cpp's reason, `free` bytes of main memory, 0 if not known."""
    return WorkerError(
        "engine_failed",
        "The model has no room to work.",
        f"llama.cpp could not make a context of {context} tokens: {shortage(said, free) or said or 'it gave no reason'}.",
        "Give the engine a smaller context, fewer sequences or fewer gpu_layers, or end what else takes memory.",
    )


def shortage(said: str, free: int = 0) -> str:
    """How much memory was wanted, where llama.cpp said so, and how much of it is missing; else "". Pure."""
    on_card = _ON_CARD.search(said)
    if on_card:
        return f"{float(on_card.group(1)):,.0f} MiB more are wanted on device {on_card.group(2)}, which has not so much free"
    found = _WANTED.search(said)
    if not found:
        return ""
    wanted = int(found.group(1))
    missing = wanted - free
    if free <= 0 or missing <= 0:
        return f"{wanted >> 20:,} MiB more of memory are wanted in one piece"
    return f"{wanted >> 20:,} MiB more of memory are wanted, {free >> 20:,} are free, {-(-missing >> 20):,} are missing"


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


def not_kept(grammar: str, error: Exception) -> WorkerError:
    """No answer can be kept to the grammar that was asked for, or, where none was, to the schema."""
    return bad_grammar() if grammar else bad_schema(error)


def no_way_on() -> WorkerError:
    """A grammar that some beginnings can not be ended by."""
    return WorkerError(
        "bad_request",
        "The answer broke off.",
        "The grammar allows nothing that the model could say next.",
        "Correct the grammar or schema, so that every beginning that it allows can go on or end.",
    )


def no_vector(text: str) -> WorkerError:
    """A text's vector is not finite: it would be near to nothing, or to everything."""
    return WorkerError(
        "engine_failed",
        "A text can not be embedded.",
        f"The model computed no numbers (NaN or infinity) for it; it begins {text[:40]!r}.",
        'Pull the file anew, for it may be damaged, or try flash_attention = "off" or fewer gpu_layers.',
    )


def no_numbers() -> WorkerError:
    """What the model computed is not finite: nothing can be chosen by it."""
    return WorkerError(
        "engine_failed",
        "The answer broke off.",
        "The model computed no numbers (NaN or infinity) for what it could say next.",
        "Ask again. If it happens again, pull the file anew, for it may be damaged, "
        'or try kv_type = "f32", flash_attention = "off" or fewer gpu_layers.',
    )


def no_template() -> WorkerError:
    """A model that was not made to chat."""
    return WorkerError(
        "engine_failed",
        "The model can not chat.",
        "Its file has no chat template: it is a base or an embedding model.",
        "Name an instruct model for this role.",
    )


def bad_template(error: Exception) -> WorkerError:
    """The template is not one."""
    return WorkerError(
        "engine_failed",
        "The model can not chat.",
        f"Its chat template can not be read: {error}.",
        "Correct the file that chat_template names, or name another.",
    )


def template_refused(error: Exception) -> WorkerError:
    """The template does not take this conversation."""
    return WorkerError(
        "bad_request",
        "The conversation does not fit the model.",
        f"Its chat template refuses it: {error}.",
        "Let user and assistant turns alternate, beginning with the user.",
    )


def no_tools() -> WorkerError:
    """The template forgets tools silently."""
    return WorkerError(
        "bad_request",
        "The model can not be given tools.",
        "Its chat template tells it nothing of tools and calls.",
        "Leave them out, name a model that was made to call tools, or give the engine a chat_template that tells them.",
    )


def unknown_calls() -> WorkerError:
    """The template tells tools, but calls could not be read from the answers."""
    return WorkerError(
        "bad_request",
        "The model's calls can not be read.",
        "By its chat template it writes them in a form that is not known here.",
        'Serve it with "llama-server --jinja" or vLLM, and name that as an engine of kind "openai".',
    )


def tools_and_form() -> WorkerError:
    """An answer held to a form from its first token on can not be a call."""
    return WorkerError(
        "bad_request",
        _UNCONSTRAINED,
        "The model may also call a tool, and a form for the answer would keep it from that.",
        'Leave the form out, or set tool_choice to "none" or "required".',
    )


def too_deep() -> WorkerError:
    """Schemas or arguments within each other without end."""
    return WorkerError(
        "bad_request",
        "The conversation does not fit the model.",
        "A tool's schema, or the arguments of a call, are nested too deeply.",
        "Send flatter ones.",
    )


def bad_arguments(name: str) -> WorkerError:
    """A past call has arguments that are no object."""
    return WorkerError(
        "bad_request",
        "The conversation does not fit the model.",
        f"The arguments of a call of {name!r} are no JSON object.",
        "Send past calls back as they came.",
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
