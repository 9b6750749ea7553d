"""Suggestions: their states, what is decided on them, and what the decisions teach."""
