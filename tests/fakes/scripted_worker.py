"""A worker process that behaves as its first argument says, over the real protocol. Knows no model."""

import json
import os
import signal
import sys
import time


def say(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def chat(script: str, request: int, message: dict[str, object]) -> None:
    say(event="working", id=request)
    say(event="token", id=request, text="one ")
    if script == "dies":
        sys.stderr.write("out of memory\n")
        sys.stderr.flush()
        os._exit(7)
    if script in ("misbuilt", "killed"):
        os.kill(os.getpid(), signal.SIGILL if script == "misbuilt" else signal.SIGKILL)
    if script in ("hangs", "hangs-deaf"):
        return
    usage = {"prompt": 3, "cached": 0, "completion": 2}
    if script == "gathers":
        tokens = [{"event": "token", "id": request, "text": text} for text in ("and ", "", "two ", "")]
        say(events=[*tokens[:2], {"event": "token", "id": request + 1000, "text": "nobody's"}, *tokens[2:]])
    turns = message["messages"]
    assert isinstance(turns, list)
    say(event="done", id=request, text=str(turns[-1]["content"]), reason="stop", usage=usage)


def main(script: str) -> None:
    if script == "hangs-deaf":
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdin.readline()
    if script == "never-loads":
        time.sleep(3600)
    if script == "refuses":
        say(event="error", code="engine_failed", effect="It can not be loaded.", cause="No room.", fix="Make room.")
        return
    say(event="loaded", context=128)
    for line in sys.stdin:
        message = json.loads(line)
        if message["op"] == "chat":
            chat(script, message["id"], message)
        elif message["op"] == "embed":
            if script == "dies-embedding":
                os._exit(7)
            if script == "hangs":
                sys.stderr.write("asked to embed\n")
                sys.stderr.flush()
                continue
            say(event="vectors", id=message["id"], shape=[1, 1], data="AACAPw==")
        elif message["op"] == "count":
            say(event="count", id=message["id"], tokens=len(message["messages"]))


if __name__ == "__main__":
    main(sys.argv[1])
