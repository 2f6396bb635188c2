"""`ldirectorctl demo`: what a director does, in twenty seconds."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand

_DESCRIPTION = """\
Start three small web servers on loopback and a director that checks them, and show what becomes of the table while
one falls ill and all die and come back: a story of 20 seconds. Nothing of this machine is changed.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--kernel", action="store_true", help="on the kernel's own IPVS table, as root; the service goes at the end"
    )


def _run(asked: Namespace) -> ExitStatus:
    from ldirectord_py.cli.demo.story import tell_story  # noqa: PLC0415  # a whole director, which others do without

    return ExitStatus.FINE if tell_story(kernel=asked.kernel) else ExitStatus.ERROR


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
