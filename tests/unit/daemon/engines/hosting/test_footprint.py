from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.hosting.footprint import Run, footprint, stated
from daemon.engines.hosting.shape import shape_of
from tests.fakes.headers import dense, gpt_oss_120b, qwen3_coder_30b

SHAPE = shape_of([qwen3_coder_30b()])
RUNS = st.builds(
    Run,
    context=st.integers(128, 1 << 18),
    sequences=st.integers(1, 64),
    batch=st.sampled_from([64, 128, 512, 2048]),
    kv_type=st.sampled_from(["f16", "q8_0"]),
    n_cpu_moe=st.integers(0, 60),
)


def test_the_cache_of_a_plain_model() -> None:
    made = footprint(shape_of([dense(layers=4)]), Run(context=1000, sequences=2))
    assert made.cache == 4 * 2048 * (2 * 2 * 64) * 2  # layers, tokens in steps of 256, numbers of a token, bytes


def test_a_window_bounds_the_cache() -> None:
    made = footprint(shape_of([gpt_oss_120b()]), Run(context=65536, batch=512, whole_windows=False))
    whole, window = 18 * 65536 * 1024 * 2, 18 * 768 * 1024 * 2
    assert made.cache == whole + window


def test_attention_without_flash_needs_scores_for_each_head() -> None:
    fast = footprint(SHAPE, Run(65536, batch=512)).compute
    slow = footprint(SHAPE, Run(65536, batch=512, flash_attention=False)).compute
    scores = 4 * 512 * 65536 * 32
    assert fast < scores < slow < 1.1 * scores


@given(RUNS)
def test_experts_on_the_processor_leave_the_sum_as_it_is(run: Run) -> None:
    here, there = footprint(SHAPE, Run(run.context, n_cpu_moe=run.n_cpu_moe)), footprint(SHAPE, Run(run.context))
    assert here.in_main_memory == there.in_main_memory
    assert sum(here.layers) + here.kept == sum(there.layers) + there.kept
    assert here.weights == there.weights == SHAPE.weights


@given(RUNS, st.integers(0, 60))
def test_nothing_is_lost_between_card_and_main_memory(run: Run, first: int) -> None:
    made = footprint(SHAPE, run)
    on_cards = sum(made.piece(number) for number in range(min(first, made.steps), made.steps))
    assert made.host_part(first) + on_cards >= made.weights + made.cache
    assert made.host_part(0) == made.kept
    assert made.host_part(made.steps) == made.in_main_memory


@given(RUNS, st.integers(1, 1 << 16))
def test_more_context_never_takes_less(run: Run, more: int) -> None:
    larger = replace(run, context=run.context + more)
    assert footprint(SHAPE, larger).in_main_memory >= footprint(SHAPE, run).in_main_memory


def test_a_stated_size_is_all_that_is_known() -> None:
    assert stated(1000).in_main_memory == 1000


def test_two_purposes_have_a_cache_each_and_share_the_weights() -> None:
    chat, embed = Run(4096, 4), Run(512, batch=512, pooled=True)
    both, one, other = footprint(SHAPE, chat, embed), footprint(SHAPE, chat), footprint(SHAPE, embed)
    assert both.cache == one.cache + other.cache and both.compute == one.compute + other.compute
    assert both.weights == one.weights
