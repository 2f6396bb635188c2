"""The last hour of each server: how it was, told back from the present, and the picture that the page makes of that."""
