"""From one file format to the other, comments included: a tree is written as text, and proven to mean the same.

Nothing of the daemon needs this; it serves `ldirectorctl convert`.
"""
