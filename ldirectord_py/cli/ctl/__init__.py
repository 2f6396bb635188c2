"""What `ldirectorctl` can do, one module a command; `commands` is the table of them."""
