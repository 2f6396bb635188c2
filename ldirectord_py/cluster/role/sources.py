"""What a source of roles is."""

from collections.abc import AsyncGenerator
from typing import Protocol

from ldirectord_py.cluster.role.words import UnclearRole
from ldirectord_py.model.cluster.role import Role

Reading = Role | UnclearRole
"""What was read: a role, or why it is none."""


class RoleReader(Protocol):
    """Says the role, again whenever it may have changed."""

    def readings(self) -> AsyncGenerator[Reading, None]:
        """Yield what the role is, or why it is unclear; raises `OSError` if it can no longer be found out."""
        ...
