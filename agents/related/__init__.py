"""Notes that belong together: found, scored, and kept in the managed section `related`."""
