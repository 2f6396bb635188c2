"""What people say of servers: operators' commands and the files in `maintenancedir`; whom they mean, and what holds.

No weight is decided here: that is `engine/decision.py`'s.
"""
