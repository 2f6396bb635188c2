"""How probes are carried out: sockets, TLS, deadlines, due times.

The schedule gives each plan its turn, the prober a socket and a deadline to each probe.  What is asked, and what counts
as an answer, is none of its business: that is `checks`.
"""
