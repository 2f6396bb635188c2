"""Findings about this machine, as they are shown, and rights that are missing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ldirectord_py.cli.blocks import Block, sentence
from ldirectord_py.cli.ctl.command import ExitStatus
from ldirectord_py.cli.rendering import tell_blocks
from ldirectord_py.cli.terminal import Style
from ldirectord_py.cluster.finding import Finding, FindingSeverity, counts
from ldirectord_py.model.errors import DirectorError

_STYLES = {FindingSeverity.ERROR: Style.RED, FindingSeverity.WARNING: Style.YELLOW, FindingSeverity.NOTE: Style.DIM}


def show(found: Sequence[Finding]) -> None:
    """Write each finding to standard output, with what was seen and the command that mends it below it."""
    blocks: list[Block] = []
    for finding in found:
        blocks.append(sentence(f"{finding.severity} {finding.id}: {finding.text}", _STYLES[finding.severity]))
        if finding.evidence:
            blocks.append(sentence(f"seen: {finding.evidence}", indent=2))
        if finding.command:
            blocks.append(sentence(f"mend: {finding.command}", indent=2))
    tell_blocks(blocks)


def status_of(found: Sequence[Finding]) -> ExitStatus:
    """Return what a command ends with that has found these."""
    return ExitStatus.FOUND if counts(found) else ExitStatus.FINE


@contextmanager
def explained() -> Iterator[None]:
    """Say of a lack of rights which one is meant."""
    try:
        yield
    except PermissionError as error:
        what = f" ({error.filename}: {error.strerror})" if error.filename else ""
        raise DirectorError(f"only root, with CAP_NET_ADMIN, may change addresses and settings{what}") from error
