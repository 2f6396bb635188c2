"""What the daemon answers, as people read it: pure functions from the JSON of its API to paragraphs and tables.

`now` is the moment at which they are read, in seconds since the epoch; all times are shown as this machine's clock has
them.
"""
