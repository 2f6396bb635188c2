"""What the operating system offers: processes, threads, sockets, limits, notifications, names of hosts.

Each module wraps one facility and knows nothing of checks, tables or configurations.
"""
