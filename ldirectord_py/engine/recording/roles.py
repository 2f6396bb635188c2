"""The director's role, as JSON."""

from ldirectord_py.engine.inputs import RoleTaken
from ldirectord_py.engine.recording.names import Json
from ldirectord_py.model.cluster.role import Role, RoleStatus


def role_status_as_json(status: RoleStatus | None) -> Json:
    """Return the role in force, or null."""
    return status and [status.role, status.source, status.since]


def role_status(found: Json) -> RoleStatus | None:
    """Return what `role_status_as_json` was given."""
    return None if found is None else RoleStatus(*_parts(found))


def _parts(found: Json) -> tuple[Role, str, float]:
    role, source, since = found
    return Role(role), str(source), float(since)


def role_taken_as_json(given: RoleTaken) -> Json:
    """Return the role that the director was told."""
    return [given.role, given.source, given.since]


def role_taken(found: Json) -> RoleTaken:
    """Return what `role_taken_as_json` was given."""
    return RoleTaken(*_parts(found))
