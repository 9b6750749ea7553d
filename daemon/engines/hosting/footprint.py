"""How much memory a model takes, part by part, as it is to be run. Pure: a shape in, bytes out.

The sums follow what llama.cpp allocates; tests/integration/test_footprint.py holds them against what it reports.
"""

from dataclasses import dataclass, field

from daemon.engines.hosting.shape import Layer, Shape

CACHE_BYTES = {"f32": 4.0, "f16": 2.0, "bf16": 2.0, "q8_0": 34 / 32, "q5_1": 24 / 32, "q5_0": 22 / 32,
               "q4_1": 20 / 32, "q4_0": 18 / 32}  # fmt: skip
"""Bytes of one cached number by `kv_type`."""
CARD_OVERHEAD = 512 << 20
"""What a process takes on a card before it holds anything: the driver's context and the libraries' workspaces."""
_CELLS = 256
"""A cache is made in steps of so many tokens."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a model is to be run. `context` is tokens of each of `sequences`, `batch` tokens read in one pass.

    `outputs` is of how many tokens of a pass the answers are wanted (0: of all), `states` how many sequences are kept
    (0: as many as are run). `pooled`: one row of numbers is made of each text. `whole_windows`: also a layer with a
    window keeps the whole context, so that a beginning can be used again.
    """

    context: int
    sequences: int = 1
    batch: int = 512
    kv_type: str = "f16"
    flash_attention: bool = True
    n_cpu_moe: int = 0
    outputs: int = 0
    states: int = 0
    pooled: bool = False
    whole_windows: bool = True

    @property
    def cells(self) -> int:
        """Tokens that the cache holds of all sequences."""
        return _stepped(self.context * self.sequences)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of a model that runs. Each layer lies on one device, weights and cache together.

    `kept` lies in main memory wherever the layers are: the embeddings of the input, and experts kept there.
    `output` goes with the last layer; on the processor a tied one takes nothing, since `kept` has it. `compute` is
    needed on each device that has a layer.
    """

    layers: tuple[int, ...]
    kept: int = 0
    output: int = 0
    output_on_host: int = 0
    compute: int = 0
    weights: int = field(default=0, compare=False)
    cache: int = field(default=0, compare=False)

    @property
    def in_main_memory(self) -> int:
        """All of it, where no card takes a layer."""
        return sum(self.layers) + self.kept + self.output_on_host + self.compute

    @property
    def steps(self) -> int:
        """How many pieces can be moved to cards: the layers, and the output."""
        return len(self.layers) + 1

    def piece(self, number: int) -> int:
        """Bytes of a piece on a card; the last one is the output."""
        return self.layers[number] if number < len(self.layers) else self.output

    def host_part(self, first: int) -> int:
        """Bytes in main memory where the pieces from `first` on lie on cards."""
        if first >= self.steps:
            return self.in_main_memory
        own = sum(self.layers[:first])
        return own + self.kept + (self.compute if own else 0)


def footprint(shape: Shape, run: Run, *others: Run) -> Footprint:
    """What a model of this shape takes when it runs so, and, on the same weights, in other ways beside it."""
    runs = (run, *others)
    on_host = sum(layer.experts for layer in shape.layers[: run.n_cpu_moe])
    caches = [sum(_cache(layer, each) for each in runs) for layer in shape.layers]
    own = [layer.dense if number < run.n_cpu_moe else layer.weights for number, layer in enumerate(shape.layers)]
    return Footprint(
        layers=tuple(weights + cache for weights, cache in zip(own, caches, strict=True)),
        kept=shape.input_bytes + on_host,
        output=shape.output_bytes,
        output_on_host=0 if shape.tied else shape.output_bytes,
        compute=sum(_compute(shape, each) for each in runs),
        weights=shape.weights,
        cache=sum(caches),
    )


def stated(size: int, parts: int = 1) -> Footprint:
    """The footprint of which only the whole size in bytes is known, in so many equal parts."""
    each = -(-size // parts)
    return Footprint(layers=(each,) * parts, weights=each * parts)


def _cache(layer: Layer, run: Run) -> int:
    cells = run.cells
    if layer.window and not run.whole_windows:
        cells = min(cells, _stepped(layer.window * run.sequences + run.batch))
    return int(cells * layer.cached * CACHE_BYTES[run.kv_type]) + layer.state * (run.states or run.sequences)


def _compute(shape: Shape, run: Run) -> int:
    """The larger of what is alive while a layer is computed and at the end, in floats; the mask is half as large."""
    batch, cells = min(run.batch, run.cells), run.cells
    mask = batch * cells * (2 if run.flash_attention else 4)
    between = 2 * 4 * batch * shape.width
    scores = 4 * (run.outputs or batch) * shape.vocabulary + (mask if run.pooled else 0)
    attention = 0 if run.flash_attention else 4 * batch * cells * shape.heads
    inner = 4 * batch * (3 * shape.inner + 2 * shape.width)
    return between + max(scores, mask + max(attention, inner))


def _stepped(tokens: int) -> int:
    return -(-tokens // _CELLS) * _CELLS
