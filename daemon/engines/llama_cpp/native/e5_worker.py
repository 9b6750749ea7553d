"""The process of multilingual-e5-small. Run as `python -m daemon.engines.llama_cpp.native.e5_worker`."""

from daemon.engines.llama_cpp.native import log
from daemon.engines.llama_cpp.native.e5 import E5Model
from daemon.engines.worker.loop import serve

if __name__ == "__main__":
    log.listen()
    serve(E5Model)
