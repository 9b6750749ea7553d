"""Suggestions for the whole vault: what a job is, what it finds, and what a judged sample says."""
