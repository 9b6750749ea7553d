"""What a worker is told to load and to generate, as data; read from JSON, shared by every part of a worker."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from daemon.engines.dialogue.answers.lazy import Lazily
from daemon.engines.worker import errors as worker_errors

INTERACTIVE, SAVE, BULK = 0, 1, 2
URGENCY = {"interactive": INTERACTIVE, "save": SAVE, "bulk": BULK}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What a worker is told to load, and how. `context` is for each of `sequences`, `chat_template` "" for the file's.

    `split` is how many layers go to each of `devices`; `lora` are the paths of adapters, with their scales.

    Beginnings of prompts outlive the process in `kept_folder`, where that is named, of `kept_mib` at most; `identity`
    tells the model and its settings apart from others there.

    In a `unified` cache all sequences share the room, and a beginning that is common to some takes its room once; apart
    from each other each looks at its own tokens only.
    """

    path: str
    context: int
    sequences: int = 1
    gpu_layers: int = 0
    devices: tuple[str, ...] = ()
    threads: int = 0
    pooling: str = ""
    max_tokens: int = 0
    chat_template: str = ""
    draft_tokens: int = 0
    device_sampling: bool = False
    unified: bool = False
    micro_batch: int = 512
    split: tuple[int, ...] = ()
    n_cpu_moe: int = 0
    kv_type: str = "f16"
    flash_attention: str = "auto"
    numa: str = ""
    huge_pages: bool = False
    lora: tuple[tuple[str, float], ...] = ()
    identity: str = ""
    kept_folder: str = ""
    kept_mib: int = 0

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "LoadOptions":
        """The options in a message; what it has besides is ignored."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in message.items() if name in names})


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. `json_schema` is JSON text; temperature 0 takes the likeliest token.

    `max_tokens`, `top_k`, `min_p` and the penalties are off at 0; `logprobs` is how many likely tokens are told beside each chosen one.
    """

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    grammar: str = ""
    json_schema: str = ""
    top_k: int = 0
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logprobs: int | None = None
    calls: Lazily | None = None
    """What holds calls to their form that are made without being asked for."""

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Sampling":
        """The settings in a message."""
        return cls(**{**message, "stop": tuple(message["stop"])})

    @property
    def penalised(self) -> bool:
        """Whether what was said before counts."""
        return bool(self.frequency_penalty or self.presence_penalty)


def check_room(prompt: int, answer: int, room: int) -> None:
    """Raises WorkerError where prompt and answer exceed the context."""
    if prompt + answer > room:
        raise worker_errors.too_long(prompt, answer, room)
