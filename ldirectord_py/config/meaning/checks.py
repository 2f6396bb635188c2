"""How the real servers of a virtual are checked: once as a rule, or several times in one turn."""

from dataclasses import dataclass, field
from typing import Self

from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.redaction import redacted_sentence
from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Scope
from ldirectord_py.config.grammar.tree import Checks as WrittenChecks
from ldirectord_py.config.grammar.values import Values, read_values
from ldirectord_py.config.meaning.check_options import options
from ldirectord_py.config.meaning.resolve import Resolver
from ldirectord_py.config.meaning.servers import Reserve
from ldirectord_py.config.meaning.tls import TlsFiles, tls_options
from ldirectord_py.model.checks.check_options import CheckedServer, CheckOptions
from ldirectord_py.model.checks.check_plan import Alternating, Always, CheckPlan, Never, Repeated, Together
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.model.service import VirtualKey


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a section is read in."""

    values: Values
    """The global directives."""
    fallbacks: dict[int, Reserve | None]
    environment: Resolver
    diagnostics: Diagnostics
    tls_files: TlsFiles = field(default_factory=TlsFiles)

    def options(self, key: VirtualKey, values: Values) -> CheckOptions:
        """Return how *values* have the servers of the virtual *key* asked."""
        tls = tls_options(values, self.tls_files, self.diagnostics)
        return options(key, values, self.environment, tls)


@dataclass(frozen=True, slots=True)
class VirtualChecks:
    """One check or several, in the order in which they are carried out."""

    each: tuple[tuple[Values, CheckOptions, int], ...]
    """What is in force for each, how that asks, and the line where it, or else its virtual, begins."""
    around: CheckContext

    @classmethod
    def of(cls, written: WrittenChecks, values: Values, key: VirtualKey, line: int, around: CheckContext) -> Self:
        """Return the checks *written*, each with what *values* of the virtual say besides; or one of those alone.

        The virtual begins at *line*.
        """
        each: list[tuple[Values, CheckOptions, int]] = []
        for lines in written:
            inner = values.under(read_values(lines, Scope.SECTION, around.diagnostics))
            each.append((inner, around.options(key, inner), lines[0].number if lines else line))
        return cls(tuple(each) or ((values, around.options(key, values), line),), around)

    @property
    def all_options(self) -> tuple[CheckOptions, ...]:
        """How each asks."""
        return tuple(one for _, one, _ in self.each)

    def plan(self, server: CheckedServer, line: int) -> CheckPlan | None:
        """Return how *server*, a server written at *line*, is checked; None where it cannot be, which is told."""
        if len(self.each) > 1 and (server.request is not None or server.receive is not None):
            sentence = "a real server that is checked several times has its request and receive in checks of its own"
            self.around.diagnostics.error(line, f"checks: {sentence}")
            return None
        plans = [self._one(each, server, line) for each in self.each]
        found = [plan for plan in plans if plan is not None]
        if len(found) < len(plans):
            return None
        return found[0] if len(found) == 1 else self._together(found)

    def _one(self, each: tuple[Values, CheckOptions, int], server: CheckedServer, line: int) -> CheckPlan | None:
        values, one, begins = each
        try:
            return self.around.environment.plan(one, server)
        except InvalidOption as exc:
            its_own = getattr(server, exc.directive) if exc.directive in {"request", "receive"} else None
            place = line if its_own is not None else values.line(exc.directive)
            hidden = values.redacted(exc.directive) if its_own is None else its_own if server.redacted else None
            self.around.diagnostics.error(place or begins, f"{exc.directive}: {_without(str(exc), hidden)}")
            return None

    def _together(self, plans: list[CheckPlan]) -> CheckPlan | None:
        """Return the plan of which all of *plans* are part; a server that always passes one has to pass the others."""
        probes: list[Probe] = []
        interval = 0.0
        for plan, (_, _, begins) in zip(plans, self.each, strict=True):
            match plan:
                case Always():
                    continue
                case Repeated():
                    probes.append(plan.probe)
                case Together():
                    probes.extend(plan.probes)
                case Never() | Alternating():
                    sentence = "checktype off, or a number, cannot be one of several checks"
                    self.around.diagnostics.error(begins, f"checks: {sentence}")
                    return None
            interval = plan.interval
        if len(probes) < 2:
            return Repeated(probe=probes[0], interval=interval) if probes else Always()
        return Together(probes=tuple(probes), interval=interval)


def _without(sentence: str, hidden: str | None) -> str:
    """Return *sentence* without the text that is *hidden*, with or without the slash that requests are given."""
    if hidden is None:
        return sentence
    text = hidden.removeprefix("/").rstrip("\r")
    return redacted_sentence(sentence, text.encode("utf-8", "surrogateescape")) if text else sentence
