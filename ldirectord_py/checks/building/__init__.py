"""What the builders of checks have in common: from the words of a configuration to a check, or to a refusal."""
