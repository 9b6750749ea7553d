"""How a model is laid out when it is loaded: on which devices, which experts stay here, and with which adapters."""

import ctypes
from collections.abc import Sequence

import llama_cpp
from llama_cpp._ggml import libggml

from daemon.engines.llama_cpp.native import contexts, log
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import LoadOptions

_NUMA = {
    "distribute": llama_cpp.GGML_NUMA_STRATEGY_DISTRIBUTE,
    "isolate": llama_cpp.GGML_NUMA_STRATEGY_ISOLATE,
    "numactl": llama_cpp.GGML_NUMA_STRATEGY_NUMACTL,
}


class _Override(ctypes.Structure):
    """`llama_model_tensor_buft_override`: tensors by a pattern, and where they are kept."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer", ctypes.c_void_p))


class Layout:
    """Parameters of a model, with all that they point to."""

    def __init__(self, options: LoadOptions) -> None:
        """Raises WorkerError for a device that is not there."""
        if options.numa:
            llama_cpp.llama_numa_init(_NUMA[options.numa])
        self.parameters = llama_cpp.llama_model_default_params()
        self.parameters.n_gpu_layers = options.gpu_layers
        if options.huge_pages:
            # mapped pages are the file's own, and small: the weights have to be read into memory
            self.parameters.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        self._devices = contexts.devices(options.devices)
        if self._devices is not None:
            self.parameters.devices = ctypes.cast(self._devices, ctypes.c_void_p)
        self._split = _split(options.split)
        if self._split is not None:
            self.parameters.tensor_split = ctypes.cast(self._split, ctypes.POINTER(ctypes.c_float))
        self._overrides = _experts_here(options.n_cpu_moe)
        if self._overrides is not None:
            self.parameters.tensor_buft_overrides = ctypes.cast(self._overrides, ctypes.c_void_p)


class Adapters:
    """The LoRA adapters of a model. llama.cpp frees them with it."""

    def __init__(self, model: object, wanted: Sequence[tuple[str, float]]) -> None:
        """Raises WorkerError for one that does not load."""
        self._found = []
        for path, _ in wanted:
            adapter = llama_cpp.llama_adapter_lora_init(model, path.encode())
            if not adapter:
                raise worker_errors.refused(path, log.last_errors())
            self._found.append(adapter)
        self._scales = [scale for _, scale in wanted]

    def apply(self, context: object) -> None:
        """Let a context compute with them."""
        count = len(self._found)
        if count:
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * count)(*self._found)
            llama_cpp.llama_set_adapters_lora(context, adapters, count, (ctypes.c_float * count)(*self._scales))


def _split(counts: Sequence[int]) -> "ctypes.Array[ctypes.c_float] | None":
    if len(counts) < 2:
        return None
    most = int(llama_cpp.llama_max_devices())
    made: ctypes.Array[ctypes.c_float] = (ctypes.c_float * most)(*counts[:most])
    return made


def _experts_here(layers: int) -> "ctypes.Array[_Override] | None":
    """Keep the experts of the first layers in main memory."""
    if not layers:
        return None
    libggml.ggml_backend_dev_by_type.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_buffer_type.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_buffer_type.argtypes = [ctypes.c_void_p]
    here = libggml.ggml_backend_dev_buffer_type(libggml.ggml_backend_dev_by_type(0))
    layers = min(layers, int(llama_cpp.llama_max_tensor_buft_overrides()) - 1)
    patterns = [rf"blk\.{number}\.ffn_(up|down|gate|gate_up)_(ch|)exps".encode() for number in range(layers)]
    return (_Override * (layers + 1))(*(_Override(pattern, here) for pattern in patterns), _Override(None, None))
