"""Mails about a virtual's changes: what is told (`alerts`), in which words (`message`), and how it gets away.

A mail waits in the `queue` and is handed to a `delivery` for each mail server; `transports` are the ways out.
"""
