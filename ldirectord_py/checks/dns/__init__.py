"""DNS over UDP: the question, the messages, and what counts as an answer."""
