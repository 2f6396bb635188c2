"""One check that somebody follows: carried out now, every step taken down, and nothing changed by it."""
