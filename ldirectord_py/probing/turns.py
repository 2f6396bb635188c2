"""What one turn of the loop may do for a check, so that no answer holds others up: counted in bytes read.

Chunks of a byte each, the slowest to read, take 1 to 4 ms for a turn, as quick as the processor is.  A line taken
apart counts for many, and so does a byte in which a pattern was looked for.
"""

A_TURN = 16384
A_LINE = 256
A_BYTE_SEARCHED = 16
A_RECORD = 1024
"""As much counts a datagram, or a record of TLS, which may hold a byte only."""
