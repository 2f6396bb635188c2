"""What a configuration would change, or would have changed, as people and programs read it: for `plan` and `replay`."""
