"""The configuration in force as JSON, with the places that it comes from; what may hold a secret is not in it."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.text.escaping import printable

_PIECE = 64
"""Real servers told in one turn of the loop."""


def pieces(config: Config) -> Iterator[bytes]:
    """Yield *config* in the form `Configuration` of the API's document."""
    files = [printable(source.path) for source in config.sources.files]
    head = {"path": printable(config.path), "files": files, **_director(config)}
    yield f'{json.dumps(head)[:-1]}, "virtuals": ['.encode()
    between = ""
    for virtual in config.virtuals:
        yield f'{between}{json.dumps(_virtual(virtual))[:-1]}, "reals": ['.encode()
        yield from _reals(virtual)
        yield b"]}"
        between = ", "
    yield b"]}"


def _reals(virtual: Virtual) -> Iterator[bytes]:
    rest, between = iter(virtual.reals), ""
    while some := list(islice(rest, _PIECE)):
        yield (between + ", ".join(json.dumps(_real(real)) for real in some)).encode()
        between = ", "


def _director(config: Config) -> Mapping[str, Any]:
    return {
        "autoreload": config.autoreload,
        "logfile": printable(config.logfile),
        "maintenancedir": None if config.maintenancedir is None else printable(config.maintenancedir),
        "metricslisten": None if config.metricslisten is None else str(config.metricslisten),
        "statuslisten": None if config.api.statuslisten is None else str(config.api.statuslisten),
        "readdquiescent": config.readdquiescent,
        "reconcileinterval": config.reconcileinterval,
        "reloadlimit": config.reloadlimit,
        "warnings": [printable(str(problem)) for problem in config.warnings],
    }


def _virtual(virtual: Virtual) -> Mapping[str, Any]:
    options, fallback = virtual.check_options, virtual.fallback
    return {
        "name": str(virtual.key),
        "file": printable(virtual.file),
        "line": virtual.line,
        "scheduler": virtual.settings.scheduler,
        "service": options.service,
        "checktype": options.checktype,
        "checkinterval": options.interval,
        "checktimeout": options.checktimeout,
        "negotiatetimeout": options.negotiatetimeout,
        "failurecount": virtual.failurecount,
        "quiescent": virtual.quiescent,
        "cleanstop": virtual.cleanstop,
        "fallback": None if fallback is None else str(fallback.endpoint),
        "servicename": None if virtual.servicename is None else printable(virtual.servicename),
        "comment": None if virtual.comment is None else printable(virtual.comment),
    }


def _real(real: Real) -> Mapping[str, Any]:
    return {
        "real": str(real.endpoint),
        "file": printable(real.file),
        "line": real.line,
        "forwarding": real.destination.forwarding,
        "weight": real.destination.weight,
    }
