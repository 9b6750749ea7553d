"""Clients of any OpenAI-compatible chat: first token and tokens a second. They keep bytes and read them afterwards.

python -m tests.bench.sse_client URL KEY MODEL --clients 32 --tokens 128 --words 400 --rounds 3     # prints JSON
"""

import argparse
import asyncio
import json
import statistics
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_GIVE_UP = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One request: seconds until its first token and its end, tokens written, and what went wrong."""

    first: float
    seconds: float
    tokens: int
    prompt_tokens: int
    cached_tokens: int
    error: str


def request_bytes(url: str, key: str, body: dict[str, Any]) -> bytes:
    """The request as it goes over the wire."""
    to = urlsplit(url)
    data = json.dumps(body).encode()
    head = (
        f"POST {to.path}/chat/completions HTTP/1.1\r\nHost: {to.netloc}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + data


async def ask(url: str, request: bytes) -> Answer:
    """Send it and take in the answer to its end; only the time of each piece is noted while it runs."""
    to = urlsplit(url)
    began = time.perf_counter()
    pieces: list[tuple[float, bytes]] = []
    try:
        async with asyncio.timeout(_GIVE_UP):
            reader, writer = await asyncio.open_connection(to.hostname, to.port)
            writer.write(request)
            while data := await reader.read(1 << 16):
                pieces.append((time.perf_counter() - began, data))
            writer.close()
    except (OSError, TimeoutError) as error:
        return Answer(0, time.perf_counter() - began, 0, 0, 0, f"{type(error).__name__}: {error}")
    return read(pieces)


def read(pieces: list[tuple[float, bytes]]) -> Answer:
    """What came, from its pieces with their times."""
    whole = b"".join(data for _, data in pieces)
    seconds = pieces[-1][0] if pieces else 0.0
    status = whole[9:12].decode("ascii", "replace")
    if status != "200":
        return Answer(0, seconds, 0, 0, 0, f"{status} {whole.partition(b'{')[2][:300].decode('utf-8', 'replace')}")
    usage: dict[str, Any] = {}
    first_at, error, place = -1, "", 0
    for line in whole.splitlines(keepends=True):
        if line.startswith(b"data: {"):
            told = json.loads(line[6:])
            if "error" in told:
                error = str(told["error"].get("cause") or told["error"].get("message"))
            usage = told.get("usage") or usage
            delta = (told.get("choices") or [{}])[0].get("delta") or {}
            if first_at < 0 and (delta.get("content") or delta.get("reasoning_content")):
                first_at = place
        place += len(line)
    details = usage.get("prompt_tokens_details") or {}
    return Answer(
        _time_of(pieces, first_at), seconds, usage.get("completion_tokens", 0), usage.get("prompt_tokens", 0),
        details.get("cached_tokens") or 0, error or ("" if usage else "It broke off."),
    )  # fmt: skip


def _time_of(pieces: list[tuple[float, bytes]], place: int) -> float:
    """When the byte at this place came."""
    seen = 0
    for at, data in pieces:
        seen += len(data)
        if place < seen:
            return at
    return 0.0


async def measure(
    url: str, key: str, model: str, *, clients: int, tokens: int, words: int, rounds: int, temperature: float = 0.7
) -> dict[str, Any]:
    """All clients at once, `rounds` times; prompts differ from their first word on, so that no cache helps."""
    answers: list[Answer] = []
    rates = []
    for number in range(rounds):
        began = time.perf_counter()
        some = await asyncio.gather(
            *(
                ask(url, request_bytes(url, key, body_of(model, name, words, tokens, temperature)))
                for name in (f"{time.time_ns()} {number} {client}" for client in range(clients))
            )
        )
        rates.append(sum(answer.tokens for answer in some) / (time.perf_counter() - began))
        answers += some
    return summary(answers, rates)


def body_of(model: str, name: str, words: int, tokens: int, temperature: float) -> dict[str, Any]:
    """A request with a prompt of about so many words."""
    turns = [{"role": "user", "content": f"{name} " + "note " * words}]
    return {
        "model": model, "messages": turns, "max_tokens": tokens, "temperature": temperature, "stream": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip


def summary(answers: list[Answer], rates: list[float]) -> dict[str, Any]:
    """Medians, and each round's tokens a second."""
    good = [answer for answer in answers if not answer.error]
    errors: dict[str, int] = {}
    for answer in answers:
        if answer.error:
            errors[answer.error[:200]] = errors.get(answer.error[:200], 0) + 1
    return {
        "answers": len(good),
        "tokens": sum(answer.tokens for answer in good),
        "prompt_tokens": statistics.median([answer.prompt_tokens for answer in good] or [0]),
        "first_ms": round(statistics.median([answer.first for answer in good] or [0]) * 1000, 2),
        "first_ms_worst": round(max([answer.first for answer in good] or [0]) * 1000, 2),
        "seconds_worst": round(max([answer.seconds for answer in answers] or [0]), 3),
        "tokens_a_second": round(statistics.median(rates), 1),
        "tokens_a_second_by_round": [round(rate, 1) for rate in rates],
        "errors": errors,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("url", "key", "model"):
        parser.add_argument(name)
    for name, default in (("clients", 1), ("tokens", 128), ("words", 400), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--temperature", type=float, default=0.7)
    given = vars(parser.parse_args())
    print(json.dumps(asyncio.run(measure(given.pop("url"), given.pop("key"), given.pop("model"), **given))))


if __name__ == "__main__":
    main()
