"""Checks as values: how servers are asked, when, what came of it, and how it went step by step."""
