"""The screen of `ldirectorctl top`: what it shows, as values, and the Textual application around it.

Nothing here is imported unless `top` is called: Textual is an extra.
"""
