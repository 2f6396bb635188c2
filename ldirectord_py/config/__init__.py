"""From the text of a configuration to a complete `Config`, or to every problem in it."""
