"""What the log says of each event, one file for each subject; `every` knows which file has an event's sentence."""
