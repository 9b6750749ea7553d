"""Why a model fits nowhere, in words for the owner. Pure."""

from collections.abc import Iterator, Sequence

from daemon.engines.hosting.placement import MAIN, MIB, Device, Refused
from daemon.engines.hosting.sizing import Size
from daemon.engines.spec import EngineSpec


def refusal(spec: EngineSpec, size: Size, refused: Refused, devices: Sequence[Device]) -> tuple[str, str]:
    """Cause and fix: which device is not there, or by how many MiB the model is too large and what would help."""
    if refused.unknown:
        known = ", ".join(device.name for device in devices)
        return f"There is no device {', '.join(refused.unknown)}.", f"Known devices: {known}. Correct `devices`."
    name = next(device.name for device in devices if device.card == refused.card)
    needed, missing = -(-refused.needed // MIB), -(-refused.missing // MIB)
    cause = f"It needs {needed:,} MiB on {name}, where {needed - missing:,} MiB are free: {missing:,} MiB too much."
    fix = " ".join([*_advice(spec, size, refused), "else name a smaller model."]).removeprefix("else ")
    return cause, fix[0].upper() + fix[1:]


def _advice(spec: EngineSpec, size: Size, refused: Refused) -> Iterator[str]:
    made, run = size.footprint, size.run
    if made is not None and run is not None and run.pooled and made.cache + made.compute > refused.missing:
        yield f"fewer `max_tokens` than {run.context:,} (the longest text takes {(made.cache + made.compute) // MIB:,} MiB);"
    elif made is not None and run is not None and made.cache > refused.missing:
        context = int(run.context * (1 - refused.missing / made.cache)) // 256 * 256
        if context and run.sequences > 1:
            yield f"fewer `sequences` than {run.sequences},"
        if context:
            yield f"a `context` of {context:,}" + (' or `kv_type = "q8_0"`' if run.kv_type == "f16" else "")
            yield f"would do (the cache takes {made.cache // MIB:,} MiB);"
    if refused.card != MAIN and spec.kind == "llama_cpp":
        yield "`gpu_layers = -1` puts on the card what fits and the rest into main memory;"
