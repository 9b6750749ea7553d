"""llama.cpp, in a process of its own: the only folder with llama_cpp. Started by daemon/engines/worker/worker.py."""
