"""SIP: OPTIONS over TCP or UDP, with digest authentication where a server wants it."""
