"""Broader, narrower or direct: told by the owner, by structure, by a model, or weighed."""
