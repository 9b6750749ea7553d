"""Devices, and contexts on a model."""

import ctypes
import os
from collections.abc import Sequence

import llama_cpp
from llama_cpp._ggml import libggml

from daemon.engines.hosting.main_memory import allocatable
from daemon.engines.llama_cpp.native import log
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import LoadOptions

KV_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "bf16": 30}
FLASH = {"auto": -1, "off": 0, "on": 1}


def threads(options: LoadOptions) -> int:
    """As configured, else one for each core that the process may use."""
    return options.threads or len(os.sched_getaffinity(0))


def parameters(options: LoadOptions, tokens: int, batch: int) -> llama_cpp.llama_context_params:
    """Parameters of a context for so many tokens, of which a step reads `batch`."""
    found = llama_cpp.llama_context_default_params()
    found.n_ctx = tokens
    found.n_batch = batch
    found.type_k = found.type_v = KV_TYPES[options.kv_type]
    found.flash_attn_type = FLASH[options.flash_attention]
    found.n_threads = found.n_threads_batch = threads(options)
    return found


def new_context(model: object, wanted: llama_cpp.llama_context_params) -> object:
    """A context. Raises WorkerError where there is no memory for it."""
    pointer = llama_cpp.llama_init_from_model(model, wanted)
    if not pointer:
        raise worker_errors.no_room(wanted.n_ctx, log.last_errors(), allocatable())
    return pointer


def devices(names: Sequence[str]) -> "ctypes.Array[ctypes.c_void_p] | None":
    """The devices as llama.cpp wants them, None for all. Raises WorkerError for one that is not there."""
    if not names:
        return None
    libggml.ggml_backend_dev_by_name.restype = ctypes.c_void_p
    found = [libggml.ggml_backend_dev_by_name(name.encode()) for name in names]
    if not all(found):
        raise worker_errors.no_device(names, _present())
    return (ctypes.c_void_p * (len(found) + 1))(*found, None)


def _present() -> list[str]:
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_name.restype = ctypes.c_char_p
    libggml.ggml_backend_dev_name.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    count = libggml.ggml_backend_dev_count()
    return [libggml.ggml_backend_dev_name(libggml.ggml_backend_dev_get(number)).decode() for number in range(count)]
