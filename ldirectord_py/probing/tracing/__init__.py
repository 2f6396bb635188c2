"""Checks that are looked at more closely: one that somebody follows step by step, and how long the phases of all take.

Each stands in for the plain one where that is wanted, so that it costs nothing elsewhere.
"""
