import pytest

from daemon.engines.hosting.footprint import Footprint, Run
from daemon.engines.hosting.placement import MAIN, MIB, Device, Refused
from daemon.engines.hosting.refusal import refusal
from daemon.engines.hosting.sizing import Size
from daemon.engines.spec import EngineSpec

CARD = Device("CUDA0", "nvidia", "0000:01:00.0", 16 << 30, 8 << 30)
HERE = Device("CPU", "cpu", MAIN, 8 << 30, 8 << 30)
SPEC = EngineSpec("a", "llama_cpp", "x")
CHAT, SHORT, POOLED = Run(4096, 4), Run(512, 1), Run(2048, pooled=True)


@pytest.mark.parametrize(
    ("run", "missing", "card", "fix"),
    [
        (CHAT, 100, MAIN, "Fewer `sequences` than 4, a `context` of 3,584 or `kv_type = \"q8_0\"` would do (the cache takes "
         "1,000 MiB); else name a smaller model."),
        (SHORT, 700, MAIN, "Name a smaller model."),
        (POOLED, 300, MAIN, "Fewer `max_tokens` than 2,048 (the longest text takes 1,200 MiB); else name a smaller model."),
        (None, 100, MAIN, "Name a smaller model."),
        (SHORT, 2000, CARD.card, "`gpu_layers = -1` puts on the card what fits and the rest into main memory; else name a "
         "smaller model."),
    ],
)  # fmt: skip
def test_what_would_help_is_told_as_a_sentence(run: Run | None, missing: int, card: str, fix: str) -> None:
    size = Size(Footprint((MIB,), compute=200 * MIB, cache=1000 * MIB), run)
    refused = Refused("a", missing * MIB, card, (8000 + missing) * MIB)
    cause, told = refusal(SPEC, size, refused, [CARD, HERE])
    assert told == fix
    assert f": {missing:,} MiB too much." in cause


def test_a_device_that_is_not_there_is_named_with_those_that_are() -> None:
    cause, fix = refusal(SPEC, Size(None), Refused("a", 0, "", 0, ("CUDA7",)), [CARD, HERE])
    assert cause == "There is no device CUDA7." and "CUDA0, CPU" in fix
