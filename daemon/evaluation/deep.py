"""`famulus eval --deep`: other chunk sizes and embedders, each in a temporary index of a part of the vault.

The indexes lie beside the vault's own in the data folder, never in the vault, and are gone at the end.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.compose import Famulus
from daemon.engines.guarded import GuardedEmbedder
from daemon.engines.hosting.host import Hosted, build_embedder
from daemon.engines.spec import BUNDLED, EngineSpec, engine_spec
from daemon.folder import folder_of
from vault_sync.evaluation.comparing import Comparison, compare
from vault_sync.evaluation.evaluate import NOW, Asked, Examiner
from vault_sync.evaluation.questions import Question, anew
from vault_sync.index.ledger import Ledger
from vault_sync.index.progress import Progress
from vault_sync.index.remembering import Remembering
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.ports import Embedder
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore

SIZES = (500, 1000, 1500)
NOTES = 300
"""Notes of the temporary indexes: those that the questions are about, and others by lot."""
PREFIX = "eval-"

Told = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to index: `name` is what stands in famulus.toml."""

    name: str
    chunk_chars: int
    engine: EngineSpec | None = None
    """Another embedder than the one that is set."""


def variants(famulus: Famulus) -> list[Variant]:
    """What is compared, the present setting first, as `NOW`."""
    settings = famulus.settings
    now, size = settings.roles["embedder"], settings.notes.chunk_chars
    others = [engine_spec(name, table) for name, table in settings.engines.items() if name != now]
    chatting = {name for role, name in settings.roles.items() if role != "embedder"}
    return [
        Variant(NOW, size),
        *(Variant(f"chunk_chars = {other}", other) for other in SIZES if other != size),
        *(Variant(f'embedder = "{spec.name}"', size, spec) for spec in others if _embeds(spec, chatting)),
    ]


def _embeds(spec: EngineSpec, chatting: set[str]) -> bool:
    """Whether an engine is meant to embed: only such engines have a pooling, prefixes or a number of dimensions."""
    said = spec.pooling or spec.dimensions or spec.query_prefix or spec.passage_prefix
    return spec.kind in BUNDLED or (spec.name not in chatting and bool(said))


def compare_deep(
    famulus: Famulus,
    questions: Sequence[Question],
    others: Sequence[VaultPath],
    should_stop: Callable[[], bool],
    tell: Told,
) -> tuple[int, list[Comparison]]:
    """How many notes were indexed, and each variant against the present setting. `others` fill up the indexes.

    Raises Stopped, EmbedderError, SpecError.
    """
    asked_of = [path for each in questions for path in (each.target, each.source) if path]
    notes = list(dict.fromkeys([*asked_of, *others]))[: max(NOTES, len(set(asked_of)))]
    tried = variants(famulus)
    ranks: list[dict[str, int | None]] = [{} for _ in questions]
    for variant in tried:
        with _index(famulus, variant, notes, should_stop, tell) as examiner_and_ledger:
            examiner, ledger = examiner_and_ledger
            for number, question in enumerate(questions):
                ranks[number][variant.name] = examiner.ask(anew(question, ledger), {})[0].ranks[NOW]
                tell(number + 1, len(questions), f"Questions, {variant.name}")
    asked = [Asked(q.kind, q.source or q.target, q.easy, q.languages, r) for q, r in zip(questions, ranks, strict=True)]
    return len(notes), compare(asked, [variant.name for variant in tried[1:]])


@contextmanager
def _index(
    famulus: Famulus, variant: Variant, notes: Sequence[VaultPath], should_stop: Callable[[], bool], tell: Told
) -> Iterator[tuple[Examiner, Ledger]]:
    with (
        _folder(famulus) as folder,
        _embedder(famulus, variant) as embedder,
        closing(Ledger(folder / "index.db")) as ledger,
    ):
        store, policy = MemoryStore(), famulus.policy
        indexer = Indexer(famulus.vault, ledger, store, embedder, policy, chunk_chars=variant.chunk_chars)
        indexer.max_note_bytes = famulus.indexer.max_note_bytes
        indexer.should_stop = should_stop

        def told(progress: Progress) -> None:
            tell(progress.done, progress.total, f"Notes, {variant.name}")

        indexer.on_progress = told
        indexer.prepare()
        indexer.look(notes)
        searcher = Searcher(ledger, store, embedder, policy, famulus.settings.search.weights)
        yield Examiner(ledger, searcher, embedder), ledger


@contextmanager
def _folder(famulus: Famulus) -> Iterator[Path]:
    """A folder of one's own in the vault's data folder, which nobody else may read."""
    base = folder_of(famulus.settings.data_dir, famulus.vault)
    for left in base.glob(f"{PREFIX}*"):  # of a run that was killed: one runs at a time
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=base) as folder:
        yield Path(folder)


@contextmanager
def _embedder(famulus: Famulus, variant: Variant) -> Iterator[Embedder]:
    if variant.engine is None:
        yield Remembering(famulus.embedder, famulus.ledger)
        return
    engine = build_embedder(variant.engine)
    try:
        yield GuardedEmbedder(engine)
    finally:
        if isinstance(engine, Hosted):
            engine.close()


def deep_advice(found: Sequence[Comparison]) -> str:
    """What to change in how notes are indexed, in a sentence or two."""
    best = max(found, key=lambda each: each.gain.mean, default=None)
    if best is None or not best.better:
        return "No other chunk size or embedder that was tried is better beyond chance."
    section = "[roles]" if best.configuration.startswith("embedder") else "[notes]"
    return (
        f"Below {section} in famulus.toml, write {best.configuration}: the mean reciprocal rank rises by "
        f"{best.gain.mean:.3f} ({best.gain.low:.3f} to {best.gain.high:.3f}). All notes are then indexed anew."
    )
