"""What sizes a model: the bytes of its weights by layer, and the numbers behind its caches. Pure: headers in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.errors import EngineError
from daemon.engines.files.gguf import GgufHeader, Tensor

_LAYER = re.compile(r"blk\.(\d+)\.")
_EXPERTS = re.compile(r"ffn_(up|down|gate|gate_up)_(ch)?exps")
_OUTPUT = ("output.", "output_norm.", "cls.")
# every nth layer sees the whole text, the others a window; llama.cpp knows it by the architecture, too
_WHOLE_EVERY = {"gpt-oss": 2, "gemma2": 2, "gemma3": 6, "gemma3n": 5, "cohere2": 4, "exaone4": 4, "llama4": 4}
_MOST_LAYERS = 4096
_TYPE_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float8_e4m3fn": 1}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: bytes of its weights, of its experts, and what it keeps.

    `cached` is how many numbers it keeps of a token, `window` of how many tokens (0: of all). `state` is bytes that
    it keeps of a sequence whatever its length.
    """

    dense: int
    experts: int = 0
    cached: int = 0
    window: int = 0
    state: int = 0

    @property
    def weights(self) -> int:
        """Bytes of all its weights."""
        return self.dense + self.experts


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's layers and what lies around them; bytes, and numbers of values.

    `tied`: the output is computed with the embeddings of the input, which a card then holds a second time.
    """

    layers: tuple[Layer, ...]
    input_bytes: int = 0
    output_bytes: int = 0
    tied: bool = False
    heads: int = 0
    width: int = 0
    inner: int = 0
    vocabulary: int = 0
    trained: int = 0

    @property
    def weights(self) -> int:
        """Bytes of all weights, once."""
        own_output = 0 if self.tied else self.output_bytes
        return sum(layer.weights for layer in self.layers) + self.input_bytes + own_output


def shape_of(headers: Sequence[GgufHeader]) -> Shape:
    """The shape that a GGUF file has, or all parts of a split one, the first part first. Raises EngineError."""
    first = headers[0]
    tensors = {name: tensor for header in headers for name, tensor in header.tensors.items()}
    count = max(_number(first, "block_count"), 1 + max(map(_layer_of, tensors), default=-1))
    _check_layers(count)
    layers = _weighed(tensors, count)
    embeddings = tensors.get("token_embd.weight", Tensor((0, 0), 0))
    output = sum(tensor.bytes for name, tensor in tensors.items() if name.startswith(_OUTPUT))
    inside = sum(layer.weights for layer in layers)
    tied = "output.weight" not in tensors and "cls.weight" not in tensors
    return Shape(
        layers=tuple(_remembering(layer, first, number, count) for number, layer in enumerate(layers)),
        input_bytes=sum(tensor.bytes for tensor in tensors.values()) - inside - (0 if tied else output),
        output_bytes=embeddings.bytes + output if tied else output,
        tied=tied,
        heads=max(_each(first, "attention.head_count", count), default=0),
        width=_number(first, "embedding_length"),
        inner=max(_each(first, "feed_forward_length", count), default=0),
        vocabulary=embeddings.shape[-1],
        trained=_number(first, "context_length"),
    )


def _check_layers(count: int) -> None:
    if count > _MOST_LAYERS:
        raise EngineError("The model can not be sized.", f"It says that it has {count:,} layers.", "Fetch it again.")


def _layer_of(name: str) -> int:
    found = _LAYER.match(name)
    return int(found.group(1)) if found else -1


def _weighed(tensors: Mapping[str, Tensor], count: int) -> list[Layer]:
    dense, experts = [0] * count, [0] * count
    for name, tensor in tensors.items():
        number = _layer_of(name)
        if number >= 0:
            (experts if _EXPERTS.search(name) else dense)[number] += tensor.bytes
    return [Layer(*pair) for pair in zip(dense, experts, strict=True)]


def _remembering(layer: Layer, header: GgufHeader, number: int, count: int) -> Layer:
    """The layer with what it keeps of a text."""
    if _recurrent(header, number):
        return replace(layer, state=_state_bytes(header))
    width, heads = _number(header, "embedding_length"), _each(header, "attention.head_count", count)[number]
    per_head = width // heads if heads else 0
    key = _number(header, "attention.key_length") or per_head
    value = _number(header, "attention.value_length") or per_head
    if header.of_architecture("attention.key_length_mla") is not None:
        value = 0  # the keys hold the values, too
    kv_heads = _each(header, "attention.head_count_kv", count)[number]
    if header.of_architecture("attention.causal") is False:
        return layer  # it reads a text at once and keeps nothing
    return replace(layer, cached=kv_heads * (key + value), window=_window(header, number))


def _window(header: GgufHeader, number: int) -> int:
    window = _number(header, "attention.sliding_window")
    told = header.of_architecture("attention.sliding_window_pattern")
    if isinstance(told, tuple):
        return window if number < len(told) and told[number] else 0
    every = told if isinstance(told, int) else _WHOLE_EVERY.get(str(header.metadata.get("general.architecture")), 0)
    return window if every and (number + 1) % every else 0


def _recurrent(header: GgufHeader, number: int) -> bool:
    if not _number(header, "ssm.state_size"):
        return False
    interval = _number(header, "full_attention_interval")
    kv_heads = header.of_architecture("attention.head_count_kv")
    if isinstance(kv_heads, tuple):
        return number < len(kv_heads) and not kv_heads[number]
    return (number + 1) % interval != 0 if interval else not kv_heads


def _state_bytes(header: GgufHeader) -> int:
    inner, state = _number(header, "ssm.inner_size"), _number(header, "ssm.state_size")
    groups, kernel = _number(header, "ssm.group_count"), _number(header, "ssm.conv_kernel")
    return 4 * (max(kernel - 1, 0) * (inner + 2 * groups * state) + state * inner)


def _number(header: GgufHeader, key: str) -> int:
    value = header.of_architecture(key)
    return max(0, value) if isinstance(value, int) else 0


def _each(header: GgufHeader, key: str, count: int) -> tuple[int, ...]:
    """A number for each layer, whether the header has one for all or one for each."""
    value = header.of_architecture(key)
    if isinstance(value, tuple):
        numbers = tuple(max(0, each) for each in value if isinstance(each, int))[:count]
        return numbers + (0,) * (count - len(numbers))
    if value is None and key == "attention.head_count_kv":
        return _each(header, "attention.head_count", count)
    return (_number(header, key),) * count


def shape_of_folder(config: Mapping[str, Any], file_bytes: Iterable[int]) -> Shape:
    """The shape of a Hugging Face folder: its config.json, and the sizes of its safetensors files in bytes.

    Its weights are taken as even over the layers; where there are no files, they are counted by the configuration.
    What is no number in it counts as not said. Raises EngineError.
    """
    text = config.get("text_config")
    config = text if isinstance(text, Mapping) and text else config
    count, width = _told(config, "num_hidden_layers") or 1, _told(config, "hidden_size")
    _check_layers(count)
    heads = _told(config, "num_attention_heads") or 1
    vocabulary, inner = _told(config, "vocab_size"), _told(config, "intermediate_size")
    size = _TYPE_BYTES.get(str(config.get("torch_dtype") or config.get("dtype")), 2)
    embeddings = vocabulary * width * size
    tied = bool(config.get("tie_word_embeddings"))
    total = sum(file_bytes)
    each = (total - embeddings * (1 if tied else 2)) // count if total else _layer_bytes(config, size)
    window = _told(config, "sliding_window") if config.get("use_sliding_window", True) else 0
    told = config.get("layer_types")
    kinds = [str(kind) for kind in told] if isinstance(told, list) else []
    cached = 2 * (_told(config, "num_key_value_heads") or heads) * (_told(config, "head_dim") or width // heads)
    layers = tuple(
        Layer(max(0, each), 0, cached, window if number < len(kinds) and "sliding" in kinds[number] else 0)
        for number in range(count)
    )
    trained = _told(config, "max_position_embeddings")
    return Shape(layers, embeddings, embeddings, tied, heads, width, inner, vocabulary, trained)


def _told(config: Mapping[str, Any], key: str) -> int:
    value = config.get(key)
    return max(0, value) if isinstance(value, int) else 0


def _layer_bytes(config: Mapping[str, Any], size: int) -> int:
    width, heads = _told(config, "hidden_size"), _told(config, "num_attention_heads") or 1
    head = _told(config, "head_dim") or width // heads
    kv_heads = _told(config, "num_key_value_heads") or heads
    attention = 2 * width * head * (heads + kv_heads)
    experts = _told(config, "num_experts") or _told(config, "num_local_experts")
    inner = (_told(config, "moe_intermediate_size") if experts else 0) or _told(config, "intermediate_size")
    return size * (attention + 3 * width * inner * max(experts, 1))
