"""What is legal in a configuration and probably not meant."""
