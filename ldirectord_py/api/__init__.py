"""What is served: `/metrics` and health over HTTP, and the control socket for the command line.

Both know values only.  How much clients may take is bounded in `limits`, so that none of them can delay a check.
"""
