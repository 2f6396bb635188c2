"""Programs of the operator's that are run in the background when something happens, and never delay a check."""
