"""Commands about the machine that they run on: whether it is fit for its role, and what makes it so."""
