"""`ldirectorctl doctor`: whether this machine is fit to direct what a configuration says."""

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.machine.findings import explained, show, status_of
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.instances import find_config
from ldirectord_py.cli.rendering import TableRow, tell_rows
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.cluster.doctor.checks import CHECKS, examine
from ldirectord_py.cluster.doctor.surroundings import Ipvs
from ldirectord_py.cluster.doctor.surveying import survey
from ldirectord_py.cluster.finding import Finding
from ldirectord_py.config.load import load
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError, TableUnavailable
from ldirectord_py.runtime.table.modules import missing_modules
from ldirectord_py.system.sysctls import current, put

_DESCRIPTION = """\
Say what of this machine keeps it from directing what FILE says: modules, settings of the kernel, VIPs, ways to the
real servers and back, the clock, the sync daemon. Each finding comes with what was seen and the command that mends it.

Nothing is changed, but the module ip_vs is loaded, and probes (RFC 5227, RFC 4862) ask on the wire whether others have
a VIP. With --fix the settings of the kernel that harm nobody are shown and put in force, until the next boot.

The exit status is 2 if there are errors or warnings, and 0 if there are notes alone.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", help="looked for as ldirectord does: in /etc/ha.d first")
    parser.add_argument(
        "--ignore", metavar="ID", action="append", default=[], help="leave a finding out; may be repeated"
    )
    parser.add_argument("--fix", action="store_true", help="put settings of the kernel in force that harm nobody")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument("--list", action="store_true", help="list all ids with what is examined, and end")


def _run(asked: Namespace) -> ExitStatus:
    if asked.list:
        _list()
        return ExitStatus.FINE
    if unknown := set(asked.ignore) - {check.id for check in CHECKS}:
        raise DirectorError(f"no finding has the id {', '.join(sorted(unknown))}; --list tells which there are")
    config = load(find_config(asked.file, Environment.of_process().config_dirs))
    return asyncio.run(_examined(config, asked))


async def _examined(config: Config, asked: Namespace) -> ExitStatus:
    found = examine(await survey(config, await _ipvs(config)), asked.ignore)
    fixed = []
    if asked.fix:
        for name, value in _harmless(found):
            line = f"{name} {current(name)} → {value}"
            if not asked.json:
                tell(f"+ {line}")  # before it is done
            with explained():
                put(name, value)
            fixed.append(line)
        if fixed:
            found = examine(await survey(config, await _ipvs(config)), asked.ignore)
    if asked.json:
        told = {"file": config.path, "fixed": fixed, "findings": [finding.as_json() for finding in found]}
        tell(json.dumps(told, indent=2))
    else:
        if fixed:
            tell("Put them into a file of /etc/sysctl.d, too: they are in force until the next boot.", Style.DIM)
        show(found)
        if not found:
            tell(f"{config.path}: this machine is fit for it", Style.GREEN)
    return status_of(found)


def _harmless(found: Sequence[Finding]) -> Iterator[tuple[str, int]]:
    yield from dict.fromkeys(setting for finding in found for setting in finding.sysctls)


async def _ipvs(config: Config) -> Ipvs:
    try:
        table = KernelTable.open()
    except TableUnavailable as error:
        return Ipvs(trouble=str(error))
    try:
        found = await table.read([virtual.key for virtual in config.virtuals])
        return Ipvs(
            missing=await missing_modules(config, table),
            sync_daemons=await table.sync_daemons(),
            orders={virtual: list(service.destinations) for virtual, service in found.items()},
        )
    except TableUnavailable as error:
        return Ipvs(trouble=str(error))
    finally:
        table.close()


def _list() -> None:
    width = max(len(check.id) for check in CHECKS)
    tell_rows([TableRow(f"{each.id:<{width}}  {each.summary}", (each.id, each.summary)) for each in CHECKS])


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
