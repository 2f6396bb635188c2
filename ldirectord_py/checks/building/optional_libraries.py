"""Libraries that only some services need: extras of ours, which may not be installed."""

from importlib import import_module
from types import ModuleType

from ldirectord_py.checks.building.invalid_option import InvalidOption


def library(name: str, service: str, *, extra: str | None = None, what: str = "a driver") -> ModuleType:
    """Return the library *name*, of our *extra* (by default called as the service is).

    Raises `InvalidOption` where it is not installed, with what to install.
    """
    try:
        return import_module(name)
    except ImportError as error:
        known = isinstance(error, ModuleNotFoundError) and error.name == name
        raise missing(
            service, "" if known else f" ({name} cannot be loaded: {error})", extra=extra, what=what
        ) from error


def missing(service: str, why: str = "", *, extra: str | None = None, what: str = "a driver") -> InvalidOption:
    """Return the error of a service whose library is not there."""
    return InvalidOption(
        "service", f"service {service} needs {what}: pip install 'ldirectord-py[{extra or service}]'{why}"
    )
