"""What the log says of each event, one file for each subject."""
