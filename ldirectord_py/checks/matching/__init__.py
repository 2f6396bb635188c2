"""`receive` patterns: what they are, how they are searched for, and where, so that none holds up the loop."""
