"""`ldirectorctl replay`: what a recorded director told, or what another configuration would have made of it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.comparing.comparison import as_json, compared, show
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.instances import find_config
from ldirectord_py.cli.terminal import complain, tell
from ldirectord_py.config.load import load
from ldirectord_py.config.meaning.here import HERE
from ldirectord_py.engine.recording.course import course
from ldirectord_py.engine.recording.decoding import BrokenLine, decoded
from ldirectord_py.engine.recording.items import Item, RecordingHeader, Why
from ldirectord_py.engine.recording.replay import InForce, ToldEvent, replay
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.events import Event
from ldirectord_py.observers.events.log_line import Level, LogLine
from ldirectord_py.observers.logging.entry import LogFormat

_DESCRIPTION = """\
Tell again what a director told while it recorded what it found in INPUTS (the directive 'record'): which servers went
out and came in, when and why, and when fallbacks stood in. Nothing is asked, and no table is touched.
Of several files, such as INPUTS and INPUTS.1, the older one comes first.

With --config, say what FILE would have made of the same time, had it been in force: each outcome goes to the server
that it was found of, whatever FILE would have asked instead. The exit status is 2 if anything would have differed.
"""


class Log(Protocol):
    """See `Replayed`, whose library takes longer to load than most commands take."""

    def told(self, event: Event, at: float, /) -> Iterable[str]:
        """Return the lines of an event."""
        ...

    def said(self, line: LogLine, at: float, /) -> Iterable[str]:
        """Return the line of something else."""
        ...

    def configured(self, line: LogLine, at: float, /) -> Iterable[str]:
        """Return the line of a configuration that comes in force."""
        ...


class BrokenRecording(DirectorError):
    """A file that cannot be replayed."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("inputs", metavar="INPUTS", nargs="+", help="a file that a director has recorded")
    parser.add_argument("--config", metavar="FILE", help="compare with FILE, looked for as ldirectord does")
    parser.add_argument("--checks", action="store_true", help="tell each check that was recorded, too")
    parser.add_argument("--json", action="store_true", help="JSON, for programs: lines as of the log; or one object")


def _run(asked: Namespace) -> ExitStatus:
    paths = _in_order([Path(path) for path in asked.inputs])
    if asked.config is not None:
        return _compare(paths, asked.config, json=asked.json)
    from ldirectord_py.observers.logging.replayed import Replayed  # noqa: PLC0415  # see `Log`

    log = Replayed(LogFormat.JSON if asked.json else LogFormat.TEXT, debug=asked.checks)
    for each in replay(_items(paths)):
        for line in _told(log, each):
            tell(line)
    return ExitStatus.FINE


def _told(log: Log, each: RecordingHeader | InForce | ToldEvent) -> Iterable[str]:
    match each:
        case ToldEvent(event, at):
            return log.told(event, at.epoch)
        case InForce(path, at):
            text = f"Configuration '{path}' comes in force"
            return log.configured(LogLine(Level.INFO, "configuration_in_force", text, {"path": path}), at.epoch)
        case RecordingHeader():
            return log.said(_begun(each), each.at.epoch)


def _compare(paths: Sequence[Path], name: str, *, json: bool) -> ExitStatus:
    path = find_config(name, Environment.of_process().config_dirs)
    other = load(path, replace(HERE, check_paths=False))
    found = compared(course(_items(paths)), course(_items(paths, quiet=True), other), other.path)
    if json:
        tell(as_json(found))
    else:
        show(found)
    return ExitStatus.FOUND if found.differs else ExitStatus.FINE


def _in_order(paths: Sequence[Path]) -> list[Path]:
    """Return the files by the moments at which they begin."""
    return sorted(paths, key=_begins_at)


def _begins_at(path: Path) -> float:
    return next((item.at.epoch for item in _read(path, quiet=True) if isinstance(item, RecordingHeader)), 0.0)


def _items(paths: Sequence[Path], *, quiet: bool = False) -> Iterator[Item]:
    return chain.from_iterable(_read(path, quiet=quiet) for path in paths)


def _read(path: Path, *, quiet: bool) -> Iterator[Item]:
    """Yield what a file says; raise `BrokenRecording` with the line that is broken."""
    try:
        yield from decoded(_lines(path, quiet=quiet))
    except BrokenLine as broken:
        raise BrokenRecording(f"{path}:{broken.number}: {broken}") from broken


def _lines(path: Path, *, quiet: bool) -> Iterator[bytes]:
    """Yield the complete lines of a file."""
    with path.open("rb") as file:
        empty = True
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n"):
                empty = False
                yield line
            elif not quiet:
                complain(f"{path}:{number}: the last line was cut short, and is left out")
    if empty:
        raise BrokenRecording(f"{path}: it is empty: nothing has been recorded")


_WHY = {
    Why.START: "the director has begun",
    Why.ON: "recording was turned on",
    Why.FULL: "a new file was begun",
    Why.GAP: "what happened before could not be recorded",
}


def _begun(header: RecordingHeader) -> LogLine:
    """Return the line that tells of the beginning of a segment."""
    lost = f", {header.lost} inputs are missing" if header.lost else ""
    text = f"Recording begins on {header.host}, by {header.program}, for '{header.config}': {_WHY[header.why]}{lost}"
    fields = {"why": header.why.value, "lost": header.lost, "host": header.host, "program": header.program}
    level = Level.WARNING if header.why is Why.GAP else Level.INFO
    return LogLine(level, "recording_begun", text, {**fields, "path": header.config})


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
