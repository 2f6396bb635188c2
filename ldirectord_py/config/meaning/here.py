"""Where configurations are read: on this machine, with the hosts and ports that it knows."""

from ldirectord_py.config.meaning.host_addresses import HostAddresses
from ldirectord_py.config.meaning.resolve import Resolver

HERE = Resolver(hosts=HostAddresses())
"""Knows, as long as the process runs, which addresses hosts have had."""

FOLDERS = ("/etc/ha.d", "/etc/ha.d/conf")
"""Where a configuration is looked for first, whatever its name."""
