"""How a server is asked: one row for each service in `registry`, and a file or a folder for each protocol.

A check is a conversation (bytes in, bytes out, no sockets and no clocks) or, where a program or a library finds its own
way, a driver.  Its builder stands next to it and makes the probe from the words of a configuration.  Who opens sockets
and keeps deadlines is `probing`; what a verdict leads to is decided in `engine`.
"""
