"""MySQL, PostgreSQL and Oracle: a login and a statement, asked by their libraries in worker processes without rights.

`mysql`, `pgsql` and `oracle` are the director's side; the modules called `_worker` run in the worker and nowhere else.
How a worker is started, confined and spoken to is told in `ldirectord_py.workers`.
"""
