"""RADIUS: an access request and its answer, signed and checked."""
