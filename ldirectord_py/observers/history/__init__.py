"""What has happened and what checks have found lately, kept in memory to be asked for, and in a file if configured.

`history.py` is the whole of it, as `app.py` and the API know it.  `event_ring.py` has the last events,
`event_writer.py` writes them to a file, as the lines of `event_lines.py`; `exchanges.py` has the last checks of each
server.
"""
