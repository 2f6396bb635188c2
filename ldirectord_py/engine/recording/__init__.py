"""What the engine was told, as lines of JSON, and how it is made to happen again.

Nothing here opens a file or knows a clock; `runtime/recording` writes the lines, `cli/ctl/replay.py` reads them.
"""
