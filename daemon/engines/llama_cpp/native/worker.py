"""The process of one GGUF model. Run as `python -m daemon.engines.llama_cpp.native.worker`."""

import sys

from daemon.engines.llama_cpp.native import log, trial
from daemon.engines.llama_cpp.native.lazy_grammar import tried
from daemon.engines.llama_cpp.native.model import LlamaModel
from daemon.engines.worker.loop import serve

if __name__ == "__main__":
    log.listen()
    trial.begin(tried)
    sys.setswitchinterval(0.0005)  # the thread of the steps must not wait long for the one that speaks
    serve(LlamaModel)
