import pytest

from daemon.engines.vllm.flags import RESERVED, refused


@pytest.mark.parametrize("flag", RESERVED)
def test_what_is_ours_is_refused_in_every_spelling(flag: str) -> None:
    for spelling in (flag, f"{flag}=x", flag[:2] + flag[2:].replace("-", "_")):
        assert spelling in refused(["--dtype", "bfloat16", spelling])


@pytest.mark.parametrize("flag", ["--hos", "--allowed-o", "--api_k=secret", "--por", "--kv-cache-mem"])
def test_a_shortened_flag_is_seen_through(flag: str) -> None:
    assert "may not be given" in refused([flag])


def test_others_are_the_owners_business() -> None:
    flags = [
        "--dtype",
        "bfloat16",
        "--enforce-eager",
        "--load-format=dummy",
        "--model-impl",
        "vllm",
        "-O3",
        "--swap-space",
        "8",
    ]
    assert refused(flags) == ""
