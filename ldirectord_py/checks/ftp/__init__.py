"""FTP: a driver, because a file comes over a connection of its own."""
