"""Worker processes without rights, for libraries that parse what a server sends in native code.

`pool` is the director's side: it starts workers of a kind, hands each one question at a time, and ends those that do
not answer.  `child` is the worker's: it gives up its rights (`confine`) and answers until nobody asks any more.
`frames` is what passes between them.  What a worker is asked is its own: see `checks.databases`.
"""
