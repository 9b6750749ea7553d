"""Why vLLM did not load a model, from what it said. Pure, and with the standard library alone."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SIZES = {"kib": 1 / 1024, "mib": 1.0, "gib": 1024.0, "tib": 1048576.0}
_ERROR = re.compile(r"(?:^|\s)((?:\w+\.)*\w*(?:Error|Exception|Exit)\b:.*|vllm: error:.*|error: .*)$")
_PREFIX = re.compile(r"^(?:\([\w ]+ pid=\d+\)\s*)?(?:(?:ERROR|WARNING|INFO|DEBUG) [\d\- :.]+ (?:\[[^\]]*\]\s*)?)?")
_FOLLOWS = re.compile("Engine core initialization failed|EngineDeadError")
"""What is said in the server because of something else that was said in the engine process."""
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why it failed and what to do, as whole sentences."""

    cause: str
    fix: str


def trouble(lines: Sequence[str]) -> Trouble:
    """The first thing known to be wrong in these lines of its log; else its last words."""
    plain = [_PREFIX.sub("", line).strip() for line in lines]
    for line in plain:
        for pattern, say in _KNOWN:
            if found := pattern.search(line):
                return say(found)
    return Trouble(_last_words(plain), "The log has more. Try the command by hand.")


def _last_words(lines: Sequence[str]) -> str:
    errors = [found.group(1) for line in lines if (found := _ERROR.search(line))]
    told = next((error for error in errors if not _FOLLOWS.search(error)), "")
    if not told and any("EngineDeadError" in error for error in errors):
        return "Its engine process died."
    said = told or " / ".join([line for line in lines if line][-3:])
    return f"It says: {said[:_LONGEST]}" if said else "It said nothing."


def _mib(number: str, unit: str = "gib") -> float:
    return float(number) * _SIZES[unit.lower()]


_SMALLER = "Take a smaller model or quantisation, less context, or free the card."


def _out_of_memory(found: re.Match[str]) -> Trouble:
    tried = _mib(found["tried"], found["unit"])
    free = _mib(found["free"], found["free_unit"]) if found["free"] else 0.0
    more = max(1, round(tried - free))
    return Trouble(f"The device has too little memory: {more} MiB more are needed at least.", _SMALLER)


def _not_free(found: re.Match[str]) -> Trouble:
    lacking = max(1, round(_mib(found["wanted"]) - _mib(found["free"])))
    return Trouble(
        f"The device has too little free memory: {lacking} MiB more are needed for its share of {found['share']}.",
        "End what uses the card, or write a smaller memory_share or kv_cache_mib.",
    )


def _short_cache(found: re.Match[str]) -> Trouble:
    lacking = max(1, round(_mib(found["needed"]) - _mib(found["free"])))
    fits = re.search(r"maximum model length is (\d+)", found.string)
    fix = f"Write context = {fits[1]} or less" if fits else "Write a smaller context"
    return Trouble(
        f"A context of {found['length']} tokens does not fit: the cache lacks {lacking} MiB.",
        f"{fix}, or a larger memory_share or kv_cache_mib.",
    )


def _plain(cause: str, fix: str) -> Callable[[re.Match[str]], Trouble]:
    return lambda found: Trouble(cause.format(*found.groups()), fix)


_KNOWN: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Trouble]], ...] = (
    (
        re.compile(
            r"out of memory\. Tried to allocate (?P<tried>[\d.]+) (?P<unit>[KMGT]iB)"
            r"(?:.*of which (?P<free>[\d.]+) (?P<free_unit>[KMGT]iB) is free)?",
        ),
        _out_of_memory,
    ),
    (
        re.compile(r"Free memory on device .*\((?P<free>[\d.]+)/.*is less than desired .*\((?P<share>[\d.]+), (?P<wanted>[\d.]+) GiB"),
        _not_free,
    ),
    (re.compile(r"max seq len \((?P<length>\d+)\), \((?P<needed>[\d.]+) GiB.*memory \((?P<free>[\d.]+) GiB"), _short_cache),
    (
        re.compile("No available memory for the cache blocks"),
        _plain("Its weights leave no memory for the cache.", "Write a larger memory_share, or take a smaller model."),
    ),
    (
        re.compile(r"CUDA error: out of memory|CUDA out of memory|HIP out of memory"),
        _plain("The device has too little memory.", _SMALLER),
    ),
    (
        re.compile(r"Model architectures? (?:\[)?'?([\w.]+)'?.* (?:not supported)"),
        _plain("Its architecture {0} is unknown to this vLLM.", "Take a newer vLLM, or another model."),
    ),
    (
        re.compile(r"model type `(\w+)` but Transformers does not recognize"),
        _plain("Its architecture {0} is unknown to this vLLM.", "Take a newer vLLM, or another model."),
    ),
    (
        re.compile(r"max_model_len \((\d+)\) is greater than the derived max_model_len \(\w+=(\d+)"),
        _plain("The model holds no context of {0} tokens, but of {1}.", "Write a smaller context."),
    ),
    (
        re.compile(r"Cannot find any model weights with [`']([^`']+)"),
        _plain("There are no weights in {0}.", "Fetch the model again, or correct `model` in famulus.toml."),
    ),
    (
        re.compile(r"(?:SafetensorError|HeaderTooLarge|InvalidHeaderDeserialization|MetadataIncompleteBuffer)\S* ?(.*)"),
        _plain("A file of its weights is damaged: {0}.", "Fetch the model again."),
    ),
    (
        re.compile(r"FileNotFoundError: .*No such file or directory: '?([^']+)"),
        _plain("A file is missing: {0}.", "Fetch the model again, or correct `model` in famulus.toml."),
    ),
    (
        re.compile(r"unrecognized arguments: (.*)|argument (\S+: .*)"),
        lambda found: Trouble(
            f"This vLLM does not take {found[1] or found[2]}.", "Correct flags in famulus.toml, or take another version of vLLM."
        ),
    ),
    (
        re.compile("[Aa]ddress already in use"),
        _plain("Another program took its port.", "Ask again: it is started at another one."),
    ),
    (
        re.compile(r"ModuleNotFoundError: No module named '([^']+)"),
        _plain("Its environment lacks the package {0}.", "Install vLLM anew."),
    ),
    (
        re.compile(r"No CUDA GPUs are available|Failed to infer device type|no NVIDIA driver"),
        _plain("It sees no device.", "Check the driver, and `devices` in famulus.toml."),
    ),
)  # fmt: skip
