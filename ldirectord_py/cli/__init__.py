"""The commands `ldirectord` and `ldirectorctl`: options, actions, pid files and the way into the background.

`ldirectord` is the original's in all that scripts rely on: actions, exit codes, names of files.  What is ours alone is
a command of `ldirectorctl`, one module each in `ctl`.  Nobody imports from here.
"""
