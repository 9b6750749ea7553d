"""Embedders that were configured once: what the ledger remembers of them, and how they are built again."""

import json
from collections.abc import Callable
from dataclasses import asdict

from agents.errors import AgentError
from daemon.engines.guarded import GuardedEmbedder
from daemon.engines.hosting.host import Hosted, build_embedder
from daemon.engines.spec import EngineSpec, engine_spec
from vault_sync.errors import EmbedderError
from vault_sync.ports import Embedder


def recipe(spec: EngineSpec) -> str:
    """An engine's description as text. It names the variable of the environment that holds a key, never the key."""
    return json.dumps(asdict(spec))


class Recipes:
    """Builds embedders of their recipes."""

    def __init__(self, embedder: Callable[[EngineSpec], Embedder] = build_embedder) -> None:
        """`embedder` makes one of its description. It raises AgentError."""
        self._embedder = embedder

    def build(self, recipe: str) -> Embedder:
        """The embedder of a recipe. Raises EmbedderError where its file or its kind is no more."""
        try:
            table = json.loads(recipe)
            return GuardedEmbedder(self._embedder(engine_spec(table.pop("name"), table)))
        except (ValueError, KeyError, AttributeError) as error:
            raise EmbedderError("It can not be built.", "What was remembered of it can not be read.") from error
        except AgentError as error:
            raise EmbedderError(error.effect, error.cause, error.fix) from error

    def close(self, embedder: Embedder) -> None:
        """End what an embedder holds."""
        inner = embedder.inner if isinstance(embedder, GuardedEmbedder) else embedder
        if isinstance(inner, Hosted):
            inner.close()
