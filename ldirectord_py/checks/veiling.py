"""What a server said to somebody who logs in, quoted without what it was told."""

import re

from ldirectord_py.checks.quoting import quoted

_LONGEST = 100


def veiled(text: bytes, *secrets: bytes) -> str:
    """Return *text* as `quoted` does, with `***` in place of each of *secrets*: some servers repeat what they hear."""
    for secret in secrets:
        # Line by line, as the answers come; and in whichever case the server likes its words.
        for piece in filter(None, re.split(rb"[\r\n]", secret)):
            text = re.sub(re.escape(piece), b"***", text, flags=re.IGNORECASE)
    return quoted(text, _LONGEST)
