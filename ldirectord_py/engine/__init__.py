"""What follows from what was found: pure functions over values."""
