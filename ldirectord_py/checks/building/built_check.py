"""What a builder makes: how a service is asked, without what is the same for all services."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.model.checks.conversation import Conversation, Driver
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.checks.probe import CheckTarget, FixedOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltCheck:
    """A check and its target; `checks/registry.py` makes a probe of it, with the timeout, attempts and source."""

    check: Conversation | Driver
    target: CheckTarget | None = None
    """None for drivers, which open their connections themselves."""
    asked: str = ""
    """See `Probe.asked`."""
    sends: int = 1
    """See `Probe.sends`."""

    @classmethod
    def fixed(cls, outcome: Outcome) -> Self:
        """Return a check that always comes to *outcome*: there is nobody or nothing to ask."""
        return cls(check=FixedOutcome(outcome=outcome))


Build = Callable[[ConfiguredCheck], BuiltCheck]
"""Makes the check of a service; raises `InvalidOption` if the configuration asks for what cannot be asked."""
