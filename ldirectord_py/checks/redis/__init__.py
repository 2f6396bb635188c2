"""Redis and what speaks its protocol: a command, and how replies are read within bounds."""
