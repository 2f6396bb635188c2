"""Checks that are conversations: bytes in, bytes out, no sockets and no clocks."""
