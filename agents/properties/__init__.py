"""Tags and descriptions that a note should have."""
