"""Programs of the operator's that are run when something happens: beside everything else, never delaying a check."""
