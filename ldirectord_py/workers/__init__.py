"""Worker processes without rights, for what a server's answer may crash, freeze or keep busy: databases and patterns.

`workers` keeps the workers of every kind and is made where a director is put together; `pool` keeps those of one kind:
it starts them, hands each one question at a time, bounds what waits, and asks once more what an end from outside has
cut short.  `parent` and `worker` are the processes as the director sees them, `child` is their own side: a parent loads
the library, gives up its rights (`confine`) and forks the workers.  `frames` is what passes between them.  What a
worker is asked is its own: see `checks.databases` and `checks.matching`.
"""
