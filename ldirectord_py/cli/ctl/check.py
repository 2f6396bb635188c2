"""`ldirectorctl check`: one check of a server, now, step by step."""

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.choosing import NoDaemon
from ldirectord_py.cli.ctl.remote.daemon import daemon_of, tell_json
from ldirectord_py.cli.ctl.remote.steering import TARGET, add_common_arguments
from ldirectord_py.cli.ctl.reports.check_steps import checked
from ldirectord_py.cli.rendering import tell_blocks
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError

_DESCRIPTION = """\
Have the daemon check a server once, now, and show each step with its time: what was sent, what came back, and how it
was judged. Nothing follows from it: the server stays in or out as it is, and secrets are left out.

With --config FILE where no daemon runs on FILE, FILE is read and the check carried out from here, so that it can be
tried before a start. --here does so in any case.

The exit status is 0 if all the servers pass, 2 if one does not, and 1 if one could not be asked, or is not checked.
"""
_SECONDS = 150.0
"""So long an answer may take: the daemon checks several servers a few at a time."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="REAL", help=TARGET)
    parser.add_argument("--here", action="store_true", help="ask no daemon: read FILE, and check from here")
    add_common_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    if asked.here and asked.config is None:
        raise DirectorError("--here needs the configuration: add --config FILE")
    answer = _here(asked) if asked.here else _asked(asked)
    if asked.json:
        tell_json(answer)
    else:
        tell_blocks(checked(answer["reals"]))
    return _status([real["verdict"] for real in answer["reals"]])


def _asked(asked: Namespace) -> Mapping[str, Any]:
    """Return what the daemon finds, or what is found here if none runs on the file that is named."""
    try:
        daemon = daemon_of(asked)
    except NoDaemon:
        if asked.config is None:
            raise
        return _here(asked)
    return daemon.post("/v1/check", {}, target=asked.target, seconds=_SECONDS)


def _status(verdicts: Sequence[str | None]) -> ExitStatus:
    if "down" in verdicts:
        return ExitStatus.FOUND
    return ExitStatus.FINE if all(verdict == "up" for verdict in verdicts) else ExitStatus.ERROR


def _here(asked: Namespace) -> Mapping[str, Any]:
    """Return what one check of each server that is named finds from here, as the API tells it."""
    from ldirectord_py.cli.environment import Environment  # noqa: PLC0415  # a daemon that is asked needs none of these
    from ldirectord_py.cli.instances import find_config  # noqa: PLC0415  # as above
    from ldirectord_py.config.load import load  # noqa: PLC0415  # as above

    return asyncio.run(_traced(load(find_config(asked.config, Environment.of_process().config_dirs)), asked.target))


async def _traced(config: Config, target: str) -> Mapping[str, Any]:
    from ldirectord_py.engine.inputs import Configured, Moment  # noqa: PLC0415  # as above
    from ldirectord_py.engine.state import EngineState  # noqa: PLC0415  # as above
    from ldirectord_py.probing.tracing.tracer import Tracer  # noqa: PLC0415  # as above
    from ldirectord_py.runtime.check_traces import CheckTraces  # noqa: PLC0415  # as above

    begun = Moment(0, 0)
    state = EngineState(begun)
    state.step(Configured(config=config), begun)
    tracer = Tracer()
    try:
        traces = await CheckTraces(lambda: state, tracer).trace(target)
    finally:
        tracer.close()
    return {"reals": [trace.as_json(name) for name, trace in traces.items()]}


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
