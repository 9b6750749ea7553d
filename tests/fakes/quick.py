"""The daemon with an embedder that costs nothing, for tests with more notes than a real one embeds in a minute.

python -m tests.fakes.quick serve …
"""

from daemon import cli, compose
from tests.fakes.embedder import WordEmbedder
from vault_sync.ports import Embedder


def quick(embedder: Embedder) -> Embedder:
    return WordEmbedder()


def main() -> None:
    setattr(compose, "GuardedEmbedder", quick)  # noqa: B010 — the name is another module's
    cli.main()


if __name__ == "__main__":
    main()
