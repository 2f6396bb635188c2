"""Virtual services, real servers, and what the table has of them, as JSON."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from typing import Any

from ldirectord_py.model.checks.outcome import Reason
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.names import endpoint, virtual_key
from ldirectord_py.model.service import Forwarding, RealKey
from ldirectord_py.model.table import Destination, Service, ServiceFlags, Settings, TableState

Json = Any
"""What `json` makes of a document; whatever does not fit is a `ValueError`, `TypeError` or `LookupError` here."""


def real_as_json(real: RealKey) -> Json:
    """Return `[VIRTUAL, REAL]`."""
    return [str(real.virtual), str(real.real)]


def real_key(found: Json) -> RealKey:
    """Return what `real_as_json` was given."""
    virtual, real = found
    return RealKey(virtual_key(virtual), endpoint(real))


def destination_as_json(entry: Destination) -> Json:
    """Return the entry of a server in the table."""
    return {"forwarding": entry.forwarding, "weight": entry.weight, "upper": entry.upper, "lower": entry.lower}


def destination(found: Json) -> Destination:
    """Return what `destination_as_json` was given."""
    return Destination(
        forwarding=Forwarding(found["forwarding"]),
        weight=int(found["weight"]),
        upper=int(found["upper"]),
        lower=int(found["lower"]),
    )


def settings_as_json(settings: Settings) -> Json:
    """Return how a virtual service is set up in the table."""
    netmask = settings.netmask
    return {
        "scheduler": settings.scheduler,
        "flags": int(settings.flags),
        "persistence": settings.persistence,
        "netmask": netmask if isinstance(netmask, int) else str(netmask),
        "engine": settings.engine,
    }


def settings(found: Json) -> Settings:
    """Return what `settings_as_json` was given."""
    netmask = found["netmask"]
    return Settings(
        scheduler=str(found["scheduler"]),
        flags=ServiceFlags(found["flags"]),
        persistence=int(found["persistence"]),
        netmask=netmask if isinstance(netmask, int) else IPv4Address(netmask),
        engine=str(found["engine"]),
    )


def table_as_json(table: TableState) -> Json:
    """Return the services of a table."""
    return [
        {
            "virtual": str(key),
            "settings": settings_as_json(service.settings),
            "reals": [[str(real), destination_as_json(entry)] for real, entry in service.destinations.items()],
        }
        for key, service in table.items()
    ]


def table(found: Json) -> TableState:
    """Return what `table_as_json` was given."""
    return {
        virtual_key(each["virtual"]): Service(
            settings(each["settings"]), {endpoint(real): destination(entry) for real, entry in each["reals"]}
        )
        for each in found
    }


def health_as_json(health: Health | None) -> Json:
    """Return `[STATE, SINCE, FAILURES, REASON, DETAIL]`, or null."""
    return health and [health.state, health.since, health.failures, health.reason, health.detail]


def health(found: Json) -> Health:
    """Return what `health_as_json` was given."""
    state, since, failures, reason, detail = found
    return Health(State(state), float(since), int(failures), Reason(reason), str(detail))


def files_as_json(files: Mapping[RealKey, str] | Mapping[RealKey, str | None]) -> Json:
    """Return `[VIRTUAL, REAL, FILE]` of each server that a file takes out, or did."""
    return [[str(real.virtual), str(real.real), file] for real, file in files.items()]


def files(found: Iterable[Json]) -> dict[RealKey, str | None]:
    """Return what `files_as_json` was given."""
    return {real_key((virtual, real)): None if file is None else str(file) for virtual, real, file in found}
