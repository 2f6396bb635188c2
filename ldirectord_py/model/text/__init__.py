"""Words for values: what is shown to people, made safe to show, and without secrets."""
