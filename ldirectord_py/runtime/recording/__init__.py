"""`record = FILE`: what the engine is told is written to a file, beside everything else, and never waited for.

What the lines mean is `engine/recording`'s; here is when they are written, and what a disk that takes none costs.
"""
