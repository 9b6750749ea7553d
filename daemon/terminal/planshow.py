"""What `famulus models plan` shows in the terminal. Pure: data in, text with rich markup out."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.markup import escape

_STANDING = {
    "together": "[green]fits[/green]     ",
    "by_turns": "[yellow]by turns[/yellow] ",
    "refused": "[red]too large[/red]",
    "unknown": "[dim]not known[/dim]",
}
_INDENT = " " * 10
_PARTS = {"weights": "weights", "cache": "cache", "compute": "to compute", "stated": "as stated in memory_mib"}


def plan(data: dict[str, Any]) -> str:
    """Engines with what they take, and devices with what is left."""
    lines = [line for engine in data["engines"] for line in _engine(engine)]
    lines += ["", *(_device(device) for device in data["devices"])]
    if any(engine["standing"] == "refused" for engine in data["engines"]):
        lines += ["", "[bold red]Not all engines can be used.[/bold red]"]
    return "\n".join(lines)


def _engine(engine: Mapping[str, Any]) -> Iterator[str]:
    roles = ", ".join(engine["roles"])
    head = f"{_STANDING[engine['standing']]} {escape(engine['name'])} ({escape(roles)}): {escape(engine['model'])}"
    yield head if engine["standing"] != "unknown" else f"{head}: {escape(engine['cause'])}"
    if engine["standing"] == "unknown":
        return
    if engine["parts_mib"]:
        yield _INDENT + " + ".join(f"{size:,} MiB {_PARTS[part]}" for part, size in engine["parts_mib"].items())
    if engine["needs_mib"]:
        yield _INDENT + "→ " + ", ".join(_share(name, size, engine) for name, size in engine["needs_mib"].items())
    for text in filter(None, (engine["cause"], engine["fix"])):
        yield _INDENT + escape(text)


def _share(name: str, size: int, engine: Mapping[str, Any]) -> str:
    count = engine["pieces"].get(name)
    layers = f" ({count} {'layer' if count == 1 else 'layers'})" if count and len(engine["pieces"]) > 1 else ""
    return f"{escape(name)} {size:,} MiB{layers}"


def _device(device: Mapping[str, Any]) -> str:
    left = f"{device['left_mib']:,} MiB would be left"
    free = f"{device['free_mib']:,} of {device['total_mib']:,} MiB free"
    return f"{escape(device['name'])}, {escape(device['description'])}: {free}, {left}"
