"""What each event means to those outside: one table with a row for each kind (`event_table`).

A row names the sentences that the log has for it (`lines`, one file a subject), whose fields are its JSON form, and
the counters that it moves (`counters`).  How a line is written is the business of `logging`; how counters are shown,
that of `metrics`.
"""
