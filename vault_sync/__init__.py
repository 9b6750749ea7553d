"""What is in the vault, what changed, where it is found, and how bytes are written safely."""
