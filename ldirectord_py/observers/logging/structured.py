"""structlog, without rich: its renderer for terminals would import it, which is half of what structlog takes to start.

Nothing here renders for terminals, and every `ldirectord status` of a cluster manager pays for what is imported.
"""

import sys

_hidden = "rich" not in sys.modules
if _hidden:
    sys.modules["rich"] = None  # type: ignore[assignment]  # "there is none", to the import system

import structlog  # noqa: E402  # see above
from structlog.typing import EventDict, FilteringBoundLogger  # noqa: E402  # see above

if _hidden:
    del sys.modules["rich"]

__all__ = ["EventDict", "FilteringBoundLogger", "structlog"]
