"""`ldirectorctl realserver`: this machine as a real server for direct routing or tunnelling."""

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.machine.findings import explained, show, status_of
from ldirectord_py.cli.instances import run_dir
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.cli.typed import address
from ldirectord_py.cluster.finding import Finding
from ldirectord_py.cluster.realserver.checking import RealServer, examine
from ldirectord_py.cluster.realserver.setting_up import added, put_back, set_up
from ldirectord_py.cluster.realserver.statefile import NAME, StepsFile
from ldirectord_py.cluster.realserver.steps import SetupStep, as_json, undone
from ldirectord_py.cluster.rtnetlink import session
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.system.sysctls import current

_DESCRIPTION = """\
Make this machine a real server for direct routing (gate) or, with --tunnel, for tunnelling (ipip): it takes packets
for each VIP, and answers no ARP for it, so that clients come by the director. Not for the director itself.

'up VIP...' adds the VIPs to lo, or to tunl0 and ip6tnl0, and sets arp_ignore, arp_announce and rp_filter as far as
they need it. What is so already is left alone, and it may be done again at any time.
'down' puts back what 'up' has changed, for all VIPs or those that are named. What others have added or set stays.
'check' says what is wrong, with the command that mends it: for the VIPs that are named, or those that 'up' has added.
The exit status is 2 if anything is.
"""
_ACTIONS = ("up", "down", "check")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=_ACTIONS, help="what to do")
    parser.add_argument("vips", metavar="VIP", nargs="*", type=address, help="an address that clients connect to")
    parser.add_argument("--tunnel", action="store_true", help="packets come in tunnels: real servers with ipip")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")


def _run(asked: Namespace) -> ExitStatus:
    file = StepsFile(run_dir() / NAME)
    vips = list(dict.fromkeys(asked.vips))
    match asked.action:
        case "up":
            if not vips:
                raise DirectorError("say which VIPs: ldirectorctl realserver up VIP...")
            return asyncio.run(_up(file, vips, asked))
        case "down":
            return asyncio.run(_down(file, vips, asked))
        case _:
            return asyncio.run(_check(file, vips, asked))


async def _up(file: StepsFile, vips: Sequence[IPAddress], asked: Namespace) -> ExitStatus:
    async with session() as kernel:
        with explained(), file.held():
            taken = await set_up(kernel, file, vips, tunnel=asked.tunnel)
        found = examine(RealServer(vips=vips, network=await kernel.network(), setting=current, tunnel=asked.tunnel))
    if asked.json:
        _tell_json(taken, found)
    else:
        for step in taken:
            tell(f"+ {step}")
        if not taken:
            tell("nothing to do: all is as it should be already")
        show(found)
    return status_of(found)


async def _down(file: StepsFile, vips: Sequence[IPAddress], asked: Namespace) -> ExitStatus:
    async with session() as kernel:
        with explained(), file.held():
            reverted, left = await put_back(kernel, file, vips)
    if asked.json:
        tell(json.dumps({"undone": [as_json(step) for step in reverted], "left": left}, indent=2))
        return ExitStatus.FINE
    for step in reverted:
        tell(f"- {undone(step)}")
    for why in left:
        tell(why, Style.YELLOW)
    if not reverted and not left:
        tell("nothing to put back")
    return ExitStatus.FINE


async def _check(file: StepsFile, vips: Sequence[IPAddress], asked: Namespace) -> ExitStatus:
    wanted = vips or added(file)
    if not wanted:
        raise DirectorError("no VIP was added by this command; name one: ldirectorctl realserver check VIP...")
    async with session() as kernel:
        network = await kernel.network()
    found = examine(RealServer(vips=wanted, network=network, setting=current, tunnel=asked.tunnel))
    if asked.json:
        _tell_json([], found)
    else:
        show(found)
        if not found:
            tell(f"{', '.join(map(str, wanted))}: all is as it should be", Style.GREEN)
    return status_of(found)


def _tell_json(taken: Sequence[SetupStep], found: Sequence[Finding]) -> None:
    told = {"done": [as_json(step) for step in taken], "findings": [finding.as_json() for finding in found]}
    tell(json.dumps(told, indent=2))


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run, intermixed=True)
