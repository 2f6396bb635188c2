"""Mails about a virtual's changes: what is told (`alerts`), in which words (`message`), and how it gets away."""
