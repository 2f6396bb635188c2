"""Signals that mean something between a daemon and those who control it."""

from signal import SIGRTMIN

LEAVE_TABLE = SIGRTMIN
"""Ends the daemon as SIGTERM does, but the table stays as it is whatever `cleanstop` says: the next one takes it over.

A daemon that does not know this signal is ended by the kernel, which leaves the table as well.
"""
