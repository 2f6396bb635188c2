"""`ldirectord`, as it is but for its tick: for a kernel that sees who runs only once in 10 ms.

The guest's kernel charges a whole 10 ms to whoever runs at its clock's tick.  Our schedule begins checks at multiples
of 10 ms, always at the same distance from that tick, and would be charged nothing or far too much, by chance of the
boot.  With 9.7 ms the distance wanders, and the samples are fair; we wake a little more often, which costs us.

With BENCH_RESUME=no in the environment no TLS session is kept for a server's next check.
"""

import os
import sys

from ldirectord_py.cli.ldirectord import main
from ldirectord_py.probing import schedule, tls

schedule.TICK = 0.0097
if os.environ.get("BENCH_RESUME") == "no":
    tls.TlsMemory.remember = lambda *_: None
sys.exit(main())
