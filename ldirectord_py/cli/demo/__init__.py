"""The demo: a director on three small web servers, and the story that is told of them.  Nothing else uses it."""
