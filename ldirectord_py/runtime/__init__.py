"""What runs: the director, the reconciler, reloading, maintenance, the state file, the life of the process.

A thin shell: it hands what happens to the engine, tells what came of it, and has the table follow.  It reaches the
outside through ports that `app` hands it, and decides nothing about balancing.
"""
