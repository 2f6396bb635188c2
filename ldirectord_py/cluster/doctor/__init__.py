"""Whether a machine is fit to direct what a configuration says: a survey of it, and checks of what was surveyed.

The survey asks the kernel and the wire, and ends in a value; checks are functions of that value.
"""
