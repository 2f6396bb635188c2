"""The values that the rooms hand to one another: frozen, without I/O, of the standard library alone."""
