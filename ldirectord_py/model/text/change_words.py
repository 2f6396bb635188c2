"""The words for the kinds of changes: one vocabulary for logs and metrics."""

from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    RemoveDestination,
    RemoveService,
    SetDestination,
    SetService,
)

CHANGE_WORDS: dict[type[Change], str] = {
    AddService: "add_service",
    SetService: "set_service",
    RemoveService: "remove_service",
    AddDestination: "add_destination",
    SetDestination: "set_destination",
    RemoveDestination: "remove_destination",
}
