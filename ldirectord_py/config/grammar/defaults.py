"""What is in force where a configuration says nothing: the model's own defaults, which stand nowhere else.

A directive's row takes its default from here.  One that the model cannot know, such as a service that follows from the
port, has None in its row.
"""

from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.probe import TlsOptions
from ldirectord_py.model.config import Alerting, Config, Virtual
from ldirectord_py.model.health import FaultRules
from ldirectord_py.model.service import MarkKey
from ldirectord_py.model.table import Settings

CHECK_OPTIONS = CheckOptions()
TLS = TlsOptions()
SETTINGS = Settings(netmask=0)
VIRTUAL = Virtual(key=MarkKey(0), settings=SETTINGS)
ALERTING = Alerting()
CONFIG = Config(path="")
FAULT_RULES = FaultRules()
