"""Checks by a program of the operator's."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.address import bracketed
from ldirectord_py.model.checks.check_options import CheckOptions
from ldirectord_py.model.checks.conversation import DriverServices
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from ldirectord_py.model.checks.trace import StepKind
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.service import MarkKey
from ldirectord_py.system import processes, rights
from ldirectord_py.system.rights import Account

_MOST_SHOWN = 160
_NOT_EXECUTED = (126, 127)
"""The exit statuses of `setpriv` for a program that it cannot execute; its line says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """Runs a program and goes by its exit status: 0 is up, everything else down, an end by a signal too.

    A program that cannot be started says nothing about the server, so that is our own fault.  (The original
    takes it for down.)
    """

    argv: tuple[str, ...]
    script: str | None = None
    """What an interpreter in *argv* needs to find."""
    account: Account | None = None
    """Whom it runs as; None: as the director's user, with fewer capabilities than that has."""

    async def run(self, services: DriverServices) -> Outcome:
        """See `Driver.run`."""
        if self.script is not None and not _readable(self.script):
            raise CheckUnavailable(
                f"cannot read the script {_named(self.script)}: put it there, or correct checkcommand"
            )
        try:
            words = rights.words(self.account)
            services.note(StepKind.RUN, shlex.join((*words, *self.argv)))
            ended = await processes.run((*words, *self.argv), whole_group=True)
        except OSError as error:
            raise self._unavailable(error.strerror or str(error)) from error
        services.note(StepKind.RECEIVE, ended.written or "it wrote nothing")
        services.note(StepKind.RUN, str(ended))
        if words and ended.status in _NOT_EXECUTED and ended.last.startswith(rights.SAYS):
            raise self._unavailable(self._why_not_executed(ended.last))
        return _judged(ended)

    def _why_not_executed(self, line: bytes) -> str:
        """Return the reason in *line*, which `setpriv` has said of the program."""
        said = line.removeprefix(rights.SAYS).removeprefix(b"failed to execute " + os.fsencode(self.argv[0]) + b": ")
        return quoted(said, _MOST_SHOWN)[1:-1]

    def _unavailable(self, reason: str) -> CheckUnavailable:
        hint = ": the value is one file name, without arguments" if " " in self.argv[0] else ""
        return CheckUnavailable(f"cannot run {_named(self.argv[0])}: {reason}{hint}")


def _judged(ended: processes.ProgramResult) -> Outcome:
    line = quoted(ended.last, _MOST_SHOWN)[1:-1]
    sentence = f"{ended}: {line}" if line else str(ended)
    return up(sentence) if ended.status == 0 else down(Reason.EXIT, sentence)


def _readable(path: str) -> bool:
    # The program runs in /, so that is where a relative name begins.
    return os.access(Path("/", path), os.R_OK)


def _named(path: str) -> str:
    return quoted(path.encode("utf-8", "surrogateescape"), 100)


def build_external(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of `checktype=external`: the value of `checkcommand` names one file, blanks and all."""
    check = External(argv=_argv(configured), account=_account(configured.options))
    return BuiltCheck(check=check, asked=_asked(configured))


_RUN_SCRIPT = "$0 = shift; do $0; die $@ if $@"
"""Runs a file as the original does, where `return` may end it: as `perl FILE` that would be an error."""


def build_external_perl(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of `checktype=external-perl`: the same, run by `perl`."""
    command, *words = _argv(configured)
    script = str(Path("/", command))  # programs run in /; a name without a slash would be looked for among the modules
    argv = ("perl", "-e", _RUN_SCRIPT, script, *words)
    check = External(argv=argv, script=script, account=_account(configured.options))
    return BuiltCheck(check=check, asked=_asked(configured))


def _asked(configured: ConfiguredCheck) -> str:
    return f"external check {configured.shown('checkcommand', configured.options.checkcommand)}"


def _account(options: CheckOptions) -> rights.Account | None:
    if options.checkuser is None:
        return None
    if (account := rights.account(options.checkuser)) is None:
        raise InvalidOption("checkuser", f'this machine has no user "{options.checkuser}"')
    return account


def _argv(configured: ConfiguredCheck) -> tuple[str, ...]:
    """Return COMMAND VIP VPORT RIP RPORT; a firewall mark stands for the VIP, with port 0."""
    command = configured.options.checkcommand
    if "\0" in command:
        raise InvalidOption("checkcommand", "expected the name of a file, but got one with a NUL character")
    real, virtual = configured.server.endpoint, configured.server.virtual
    if isinstance(virtual, MarkKey):
        service = (str(virtual.mark), "0")
    else:
        service = (bracketed(virtual.endpoint.address), str(virtual.endpoint.port))
    return (command, *service, bracketed(real.address), str(real.port))
