"""Collects what is wrong with a configuration."""

from collections.abc import Iterable

from ldirectord_py.model.problems import Problem, Severity

MOST = 1000
"""So many problems are told; what follows is only counted."""


class Findings:
    """The problems found so far."""

    def __init__(self, path: str, problems: Iterable[Problem] = ()) -> None:
        self.path = path
        self._errors: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}
        self._untold = 0
        for problem in problems:
            self._add(problem)

    def error(self, line: int, text: str) -> None:
        """Add what keeps the configuration from being used."""
        self._add(Problem(self.path, line, text))

    def warning(self, line: int, text: str) -> None:
        """Add what the operator should know."""
        self._add(Problem(self.path, line, text, Severity.WARNING))

    def _add(self, problem: Problem) -> None:
        found = self._errors if problem.severity is Severity.ERROR else self._warnings
        if len(found) < MOST:
            found[problem] = None
        elif problem not in found:
            self._untold += 1

    @property
    def full(self) -> bool:
        """Whether further errors are only counted."""
        return len(self._errors) >= MOST

    @property
    def refused(self) -> bool:
        """Whether there is an error."""
        return bool(self._errors)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each problem once, by line, and how many more there are."""
        found = sorted([*self._errors, *self._warnings], key=lambda problem: problem.line)
        if self._untold:
            found.append(Problem(self.path, 0, f"{self._untold} more problems are not shown", Severity.WARNING))
        return tuple(found)
