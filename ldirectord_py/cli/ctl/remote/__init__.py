"""Running daemons as commands use them: which one is meant, what is asked of it, and how its answers are followed.

Only the standard library is used, since a command is to be there at once.
"""
