"""Who tells of what happens: each observer sees the same events, and none knows another.

`logging`, `metrics`, `mail` and `hooks` have a folder each; `notifications` holds together what reaches others, and is
off in a shadow.  Observers decide nothing, and nobody waits for them.
"""
