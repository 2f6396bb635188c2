"""The values that the packages hand to one another: frozen, without I/O, of the standard library alone."""
