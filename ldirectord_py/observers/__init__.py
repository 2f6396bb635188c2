"""Who tells of what happens: each observer sees the same events, and none knows another."""
