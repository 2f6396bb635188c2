"""The API's own description (OpenAPI 3.1): the forms of what it gives and takes, and what can be asked.

`tests/stories/test_api.py` has every answer of a running director compared with it.
"""
