"""The devices that this build of llama.cpp sees, as JSON on standard output. A short-lived process of its own.

Asking a driver opens a context on each card and may crash; neither should happen to the daemon.
"""

import ctypes
import json
import os
import sys

from llama_cpp._ggml import libggml

_TYPES = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accel"}


class _Props(ctypes.Structure):
    """`ggml_backend_dev_props` up to what is read here."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("memory_free", ctypes.c_size_t),
        ("memory_total", ctypes.c_size_t),
        ("type", ctypes.c_int),
        ("device_id", ctypes.c_char_p),
        ("caps", ctypes.c_bool * 16),
    )


def devices() -> list[dict[str, object]]:
    """Name, description, kind, id on the bus ("" where there is none), total and free bytes of each."""
    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_get_props.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Props)]
    return [_told(libggml.ggml_backend_dev_get(number)) for number in range(libggml.ggml_backend_dev_count())]


def _told(device: int) -> dict[str, object]:
    props = _Props()
    libggml.ggml_backend_dev_get_props(device, ctypes.byref(props))
    return {
        "name": (props.name or b"").decode(),
        "description": (props.description or b"").decode(),
        "kind": _TYPES.get(props.type, ""),
        "id": (props.device_id or b"").decode(),
        "total": props.memory_total,
        "free": props.memory_free,
    }


if __name__ == "__main__":
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # drivers greet on standard output
    json.dump(devices(), answer)
    answer.close()
    sys.stdout.flush()
    os._exit(0)  # some drivers do not come back from their own end
