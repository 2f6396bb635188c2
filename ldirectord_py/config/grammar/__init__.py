"""What may be written: the table of directives, the types of their values, the lines of servers and virtuals.

Nothing here reads a file or asks a machine: text goes in, a value or a sentence about what is wrong comes out.  Which
file format the text stood in is the business of `syntax`, what all of it means together that of `meaning`.
"""
