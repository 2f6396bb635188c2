"""What happened, as the API tells it: events that are remembered, as JSON, and events as they happen, as a stream."""
