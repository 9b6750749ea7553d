"""Links as they are written and read."""
