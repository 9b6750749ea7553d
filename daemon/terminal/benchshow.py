"""What `famulus models bench` shows in the terminal. Pure: data in, text with rich markup out."""

from collections.abc import Iterator, Sequence

from rich.markup import escape

from daemon.models.benching import Limit, Report


def reports(found: Sequence[Report]) -> str:
    """The figures of each engine, and what they are compared with."""
    return "\n\n".join("\n".join(_report(each)) for each in found)


def _report(report: Report) -> Iterator[str]:
    yield f"[bold]{escape(report.name)}[/bold]: {escape(report.model)}"
    yield "  clients   first token   tokens/s in all   tokens/s each"
    for load in report.loads:
        first = f"{load.first_token_seconds * 1000:,.0f} ms"
        yield f"  {load.clients:>7}   {first:>11}   {load.tokens_a_second:>15,.1f}   {load.each_tokens_a_second:>13,.1f}"
    yield from (f"  {line}" for line in _limit(report.limit, report.share))


def _limit(limit: Limit, share: float | None) -> Iterator[str]:
    if share is None:
        yield f"[dim]There is nothing to compare it with. {limit.words}[/dim]"
        return
    yield (
        f"Alone it writes {share:.0%} of what memory allows: a token reads {limit.bytes_a_token / 1e6:,.0f} MB of weights, at "
        f"{limit.bytes_a_second / 1e9:,.1f} GB/s that is {limit.tokens_a_second:,.0f} tokens/s at most."
    )
    yield (
        f"[dim]{limit.words} The cache of the conversation is left out, which grows with it. Small models may be held up by "
        "computing instead, and share a cache of the processor. Many clients share one reading of the weights, so that all "
        "together they may pass the limit.[/dim]"
    )
