"""How probes are carried out: sockets, TLS, deadlines, due times."""
