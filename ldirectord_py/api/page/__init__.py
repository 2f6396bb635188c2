"""The status page: HTML made on the server, complete without JavaScript, and a small module that keeps it alive.

It knows the documents of the API alone (`/v1/virtuals` and its like), and turns them into values for templates: what
is shown is decided in Python and tested there, and the templates say only how.  All that is written into a page
is escaped by Jinja; nothing is fetched from elsewhere.
"""
