"""Checks that cannot be conversations: programs and libraries that find their own way."""
