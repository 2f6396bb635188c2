"""Collects what is wrong with a configuration."""

from collections.abc import Iterable

from ldirectord_py.config.tree import Files
from ldirectord_py.model.problems import Problem, Severity

MOST = 1000
"""So many problems are told; what follows is only counted."""


class Findings:
    """The problems found so far; their lines are counted through all files, see `Files`."""

    def __init__(self, files: Files, problems: Iterable[tuple[int, str]] = ()) -> None:
        self.files = files
        self._errors: dict[Problem, int] = {}
        self._warnings: dict[Problem, int] = {}
        self._untold = 0
        for line, text in problems:
            self.error(line, text)

    def error(self, line: int, text: str) -> None:
        """Add what keeps the configuration from being used."""
        self._add(line, Problem(*self.files.place(line), text))

    def warning(self, line: int, text: str, kind: str) -> None:
        """Add what the operator should know; *kind* is the finding's id (see `config.lint`)."""
        self._add(line, Problem(*self.files.place(line), text, Severity.WARNING, kind))

    def _add(self, line: int, problem: Problem) -> None:
        found = self._errors if problem.severity is Severity.ERROR else self._warnings
        if len(found) < MOST:
            found.setdefault(problem, line)
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
        placed = sorted([*self._errors.items(), *self._warnings.items()], key=lambda found: found[1])
        found = [problem for problem, _ in placed]
        if self._untold:
            found.append(Problem(self.files.main, 0, f"{self._untold} more problems are not shown", Severity.WARNING))
        return tuple(found)
