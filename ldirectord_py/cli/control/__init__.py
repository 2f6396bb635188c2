"""What `ldirectorctl` can do, one module a command."""
