"""Encodings that more than one check reads or writes, as bytes and values: nothing here knows of a check."""
