"""Sections by the user's own prompts, and managed sections in general."""
