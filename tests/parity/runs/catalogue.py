"""Every run of the suite, for those who count, document and check them."""

from tests.parity.runs.checks import CHECK_RUN
from tests.parity.runs.control import CONTROL_RUN
from tests.parity.runs.pages import PAGE_RUN
from tests.parity.runs.protocols import PROTOCOL_RUN
from tests.parity.runs.reloads import ADOPTION_RUN, AUTORELOAD_RUN, BROKEN_RUN, DEAD_RUN, NO_AUTORELOAD_RUN, RELOAD_RUN
from tests.parity.runs.upkeep import EXECUTE_RUN, HOOK_RUN, MAIL_RUN, MAINTENANCE_RUN, SUPERVISED_RUN
from tests.parity.runs.virtuals import FALLBACK_RUN, OPTION_RUN, SERVER_RUN

RUNS = (
    OPTION_RUN,
    SERVER_RUN,
    FALLBACK_RUN,
    PAGE_RUN,
    CHECK_RUN,
    PROTOCOL_RUN,
    CONTROL_RUN,
    ADOPTION_RUN,
    DEAD_RUN,
    RELOAD_RUN,
    BROKEN_RUN,
    AUTORELOAD_RUN,
    NO_AUTORELOAD_RUN,
    MAINTENANCE_RUN,
    HOOK_RUN,
    EXECUTE_RUN,
    SUPERVISED_RUN,
    MAIL_RUN,
)
