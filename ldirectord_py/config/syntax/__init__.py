"""From files to a raw tree: `ldirectord.cf`, YAML, what they include, and values that stand elsewhere.

Every format ends in the same tree of directives with their places.  Nothing is understood here beyond what the formats
themselves demand; the JSON Schema for editors is made here, too, of the same table.
"""
