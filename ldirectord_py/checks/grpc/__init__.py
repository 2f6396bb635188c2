"""gRPC's health service: its messages, and the frames of HTTP/2 below them; what these say is left to h2."""
