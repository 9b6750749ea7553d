"""What is said of a related note: a sentence of it, where that stands, or a tie of links."""
