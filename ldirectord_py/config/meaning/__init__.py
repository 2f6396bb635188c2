"""From a raw tree to a complete `Config`, or to every problem in it: defaults, names of hosts, checks, virtuals.

Here directives meet each other and the machine.  How they are written is told in `grammar`; whether what they say is
wise is a question for `lint`.
"""
