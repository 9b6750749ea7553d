"""The key of a vector: what makes sure that no text is embedded twice by the same model."""

import hashlib

from vault_sync.ports import EmbedderSpec


def vector_key(spec: EmbedderSpec, text: str) -> str:
    """Hash of model, prefix and the text that is embedded."""
    return hashlib.sha256("\0".join((spec.model, spec.passage_prefix, text)).encode()).hexdigest()


def identity(spec: EmbedderSpec) -> str:
    """What the ledger remembers of the model whose vectors it holds."""
    return f"{spec.model}|{spec.passage_prefix}|{spec.dimensions}"


def of_identity(text: str) -> EmbedderSpec:
    """What `identity` says of a model, which is all that its vectors need."""
    model, prefix, dimensions = text.rsplit("|", 2)
    return EmbedderSpec(model, int(dimensions), 0, passage_prefix=prefix)
