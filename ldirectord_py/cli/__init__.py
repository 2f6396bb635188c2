"""The command `ldirectord`: options, actions, pid files and the way into the background."""
