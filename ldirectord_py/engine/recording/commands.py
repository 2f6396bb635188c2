"""What has been said to the director, as JSON: commands, admin states, files in `maintenancedir`, and its role."""

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from ldirectord_py.engine.inputs import Commanded, Elapsed, Handset, Maintained, RoleTaken
from ldirectord_py.engine.recording import names
from ldirectord_py.engine.recording.names import Json
from ldirectord_py.engine.recording.roles import role_taken, role_taken_as_json
from ldirectord_py.model.commands import (
    AdminKind,
    AdminState,
    Command,
    Drain,
    Enable,
    Maintain,
    SetWeight,
    target_name,
)
from ldirectord_py.model.names import target

SaidInput = Maintained | Commanded | Handset | Elapsed | RoleTaken


def said_as_json(given: SaidInput) -> dict[str, Json]:
    """Return what somebody has said, or that the time of it is over."""
    match given:
        case Maintained(changes):
            return {"maintained": names.files_as_json(changes)}
        case Commanded(command):
            return {"commanded": command_as_json(command)}
        case Handset(real, weight):
            return {"handset": names.real_as_json(real), "weight": weight}
        case RoleTaken():
            return {"role": role_taken_as_json(given)}
        case Elapsed():
            return {"elapsed": True}
        case _:
            assert_never(given)


def said(found: Mapping[str, Json]) -> SaidInput | None:
    """Return what `said_as_json` was given; None: *found* is something else."""
    if "maintained" in found:
        return Maintained(names.files(found["maintained"]))
    if "commanded" in found:
        return Commanded(command(found["commanded"]))
    if "handset" in found:
        return Handset(names.real_key(found["handset"]), int(found["weight"]))
    if "role" in found:
        return role_taken(found["role"])
    return Elapsed() if "elapsed" in found else None


def admin_as_json(admin: AdminState | None) -> Json:
    """Return an admin state, or null."""
    return admin and {
        "kind": admin.kind,
        "by": admin.by,
        "since": admin.since,
        "until": admin.until,
        "reason": admin.reason,
        "weight": admin.weight,
        "scope": admin.scope,
    }


def admin(found: Json) -> AdminState | None:
    """Return what `admin_as_json` was given."""
    return None if found is None else admin_state(found)


def admin_state(found: Json) -> AdminState:
    """Return the state that `admin_as_json` was given."""
    return AdminState(
        kind=AdminKind(found["kind"]),
        by=str(found["by"]),
        since=float(found["since"]),
        until=None if found["until"] is None else float(found["until"]),
        reason=str(found["reason"]),
        weight=None if found["weight"] is None else int(found["weight"]),
        scope=str(found["scope"]),
    )


_COMMANDS: dict[type[Command], str] = {Drain: "drain", Maintain: "maintain", SetWeight: "weight", Enable: "enable"}


def command_as_json(command: Command) -> Json:
    """Return an operator's command."""
    fields = {name: getattr(command, name) for name in ("by", "reason", "until", "weight") if hasattr(command, name)}
    return {"command": _COMMANDS[type(command)], "target": target_name(command.target), **fields}


def command(found: Json) -> Command:
    """Return what `command_as_json` was given."""
    about, by, reason = target(found["target"]), str(found["by"]), str(found["reason"])
    if (kind := found["command"]) == "enable":
        return Enable(target=about, by=by, reason=reason)
    until = None if found["until"] is None else float(found["until"])
    if kind == "weight":
        return SetWeight(target=about, weight=int(found["weight"]), by=by, reason=reason, until=until)
    if kind == "drain":
        return Drain(target=about, by=by, reason=reason, until=until)
    if kind == "maintain":
        return Maintain(target=about, by=by, reason=reason, until=until)
    raise ValueError(f"{kind!r} is no command")


def commands_as_json(commands: Iterable[tuple[str, AdminState | None]]) -> Json:
    """Return admin states by the names of their targets; see `Commands`."""
    return [[name, admin_as_json(admin)] for name, admin in commands]


def commands(found: Iterable[Json]) -> Iterator[tuple[str, AdminState | None]]:
    """Yield what `commands_as_json` was given."""
    return ((str(name), admin(state)) for name, state in found)
