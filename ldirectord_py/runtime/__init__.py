"""What runs: the director, reloading, systemd, the life of the process."""
