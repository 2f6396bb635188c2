"""What has happened and what checks have found lately, kept in memory to be asked for, and in a file if configured.

`history.py` is the whole of it, as `app.py` and the API know it.  `event_ring.py` has the last events, `exchanges.py`
the last checks of each server.
"""
