"""All directives, one row each: name, scope, how it is written, default, help.

A file per subject, and `all_directives.py`, which finds a row by its name.  What a row is stands in `../directive.py`,
how values are read in `../value_types.py` and its neighbours.
"""
