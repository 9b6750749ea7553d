"""Notes that say, on a schedule, what changed."""
