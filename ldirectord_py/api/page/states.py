"""The words for what a server may be, in the order of how much an operator wants to hear of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateWords:
    """How a state is named where it stands alone, and where servers in it are counted."""

    word: str
    counted: str


STATES: Mapping[str, StateWords] = {
    "down": StateWords("down", "down"),
    "unknown": StateWords("unknown", "not checked yet"),
    "checking": StateWords("first check", "being checked for the first time"),
    "draining": StateWords("draining", "draining"),
    "maintenance": StateWords("maintenance", "in maintenance"),
    "up": StateWords("up", "up"),
}
"""By the API's word for `status`."""
