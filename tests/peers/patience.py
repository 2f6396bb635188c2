"""How long tests wait for what is to come about."""

PATIENCE = 90.0
"""Seconds.  On a quiet machine it comes in a tenth of that; one that has much else to do may need all of it."""
