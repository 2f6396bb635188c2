"""What the kernel counts of connections, as far as somebody wants to see it."""
