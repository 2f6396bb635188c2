"""How a server is asked: one row per check, one file per protocol."""
