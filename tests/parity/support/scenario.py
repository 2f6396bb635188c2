"""What a scenario is: a part of a configuration, and what both programs make of it after each step of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

START = "start"
"""The name of the step with which most runs begin."""


@dataclass(frozen=True, slots=True)
class Differs(Generic[T]):
    """What is expected of each program where they differ on purpose, and the rows of docs/coming-from-perl.md why."""

    names: tuple[str, ...]
    original: T
    ours: T


Expected = T | Differs[T]
State = str | None
"""One virtual service: `-s rr: sound 3, sick 0` (options of `-s wrr` left out), or None: it is not in the table."""
Lines = tuple[str, ...]
MORE = "…"
"""At the end of expected lines: what follows is each program's own affair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that both programs are to do alike.

    What is expected is given for the steps at which it changes; at the others it is what it was before.  Expectations
    of *calls* and *prints* are of one step each.
    """

    title: str
    section: str = ""
    """A virtual of its own, unless the run's global directives are all that matters."""
    entry: str = ""
    """The virtual's name in the table, such as `-t 10.9.0.100:80`, where the first line of *section* does not say."""
    later: Mapping[str, str] = field(default_factory=dict)
    """Other text for *section*, from the step of that name on; empty: the virtual is gone."""
    states: Mapping[str, Expected[State]] = field(default_factory=dict)
    calls: Mapping[str, Expected[Lines]] = field(default_factory=dict)
    """Which programs were called with which words, in the order in which each call was first seen."""
    prints: Mapping[str, Expected[Lines]] = field(default_factory=dict)
    """Exit status and output of the step's command."""
    monitored: Mapping[str, Expected[Lines]] = field(default_factory=dict)
    """What a step's last line in the virtual's monitor file says of each real server."""
    mails: Mapping[str, Expected[Lines]] = field(default_factory=dict)
    """The mails of a step that are about the virtual, each as `Daemon-Status: CheckedServer`, in alphabetical order."""
    logs: Mapping[str, Differs[Lines]] = field(default_factory=dict)
    """Messages that only one program logs in a step; all others have to be the same."""

    @property
    def virtual(self) -> str:
        """The virtual's name in the table, or the empty string."""
        return self.entry or entry_of(self.section)

    @property
    def differences(self) -> tuple[str, ...]:
        """The rows of docs/coming-from-perl.md that it cites, each once."""
        tables = (self.states, self.calls, self.prints, self.monitored, self.mails, self.logs)
        cited = (each.names for table in tables for each in table.values() if isinstance(each, Differs))
        return tuple(dict.fromkeys(name for names in cited for name in names))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, to everybody in the run."""

    name: str
    happen: Callable[[Any], object]
    """Is handed the stage, which knows the run (`stage.py`)."""
    running: bool = True
    """Whether a daemon runs afterwards, so that two more rounds of checks can be waited for."""
    fresh: bool = False
    """Whether the table is programmed anew (start, reload), through which the original's servers flap."""
    words: tuple[str, ...] = ()
    """The command line, if the step is one, for those who look for an action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Scenarios that share one run of each program."""

    name: str
    directives: str
    """The global directives."""
    later: Mapping[str, str] = field(default_factory=dict)
    """Others instead of them, from the step of that name on."""
    steps: Sequence[Step]
    scenarios: Sequence[Scenario]
    pulse: bool = True
    """Whether a server that is always there is checked as well, by whose visits rounds of checks are counted."""

    def config(self, step: str) -> str:
        """Return the configuration file as it is from *step* on."""
        reached = self.names[: self.names.index(step) + 1]
        parts = [_latest(self.directives, self.later, reached)]
        parts += [_latest(each.section, each.later, reached) for each in self.scenarios]
        return "\n\n".join(part.strip("\n") for part in [*parts, PULSE if self.pulse else ""] if part) + "\n"

    @property
    def names(self) -> list[str]:
        """The names of the steps."""
        return [step.name for step in self.steps]

    def expected(self, scenario: Scenario, step: str, program: str) -> State:
        """Return the state of the scenario's virtual that *program* is expected to have brought about by *step*."""
        reached = self.names[: self.names.index(step) + 1]
        last = next((scenario.states[name] for name in reversed(reached) if name in scenario.states), None)
        return of(last, program)


PULSE = """\
virtual=10.9.0.100:9
	real=10.9.0.10:80 masq
	service=http
	request="pulse"
	cleanstop=yes
"""
PULSE_ENTRY = "-t 10.9.0.100:9"


def of(expected: Expected[T], program: str) -> T:
    """Return what is expected of *program*: `original` or `ours`."""
    if isinstance(expected, Differs):
        return expected.original if program == "original" else expected.ours
    return expected


def entry_of(section: str) -> str:
    """Return the name in the table of a section whose first line gives an address and a port, or a mark."""
    first, _, rest = section.strip("\n").partition("\n")
    directive, _, value = first.replace(" ", "").partition("=")
    if value.isdigit():
        return f"-f {value}" + (" -6" if directive == "virtual6" else "")
    udp = value.endswith(":53") or "protocol=udp" in rest
    return f"{'-u' if udp and 'protocol=tcp' not in rest else '-t'} {value}" if value else ""


def _latest(text: str, later: Mapping[str, str], reached: Sequence[str]) -> str:
    return next((later[name] for name in reversed(reached) if name in later), text)
