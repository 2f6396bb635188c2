"""What may be named on a command line: virtual services and servers, for those who complete it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


def names_of(virtuals: Iterable[Mapping[str, Any]], prefix: str) -> list[str]:
    """Return the names that begin with *prefix*: virtual services, servers, and hosts that are several servers.

    A server of several virtual services is offered with the virtual service behind it, and so are all of them
    once *prefix* has an @.
    """
    reals, hosts, full = Counter[str](), Counter[str](), []
    services = []
    for virtual in virtuals:
        services.append(str(virtual["name"]))
        for real in virtual["reals"]:
            reals[real["real"]] += 1
            hosts[_host(real["real"])] += 1
            full.append((real["real"], real["name"]))
    names = [*services, *reals, *(host for host, count in hosts.items() if count > 1)]
    names += [name for real, name in full if "@" in prefix or reals[real] > 1]
    return [name for name in dict.fromkeys(names) if name.startswith(prefix)]


def _host(real: str) -> str:
    return real.rpartition(":")[0].strip("[]")
