"""The connections that the kernel counts for each real server, as far as somebody wants to see them."""
