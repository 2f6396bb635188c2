"""What is legal in a configuration and probably not meant, and what this machine will not do of it.

A rule is a function over a complete `Config` and the tree it was made of; `linting` calls them all and leaves out what
was silenced.  What keeps a configuration from being used is not found here but in `meaning`.
"""
