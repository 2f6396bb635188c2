"""Collects what is wrong with a configuration."""

import re
from collections.abc import Iterable

from ldirectord_py.config.grammar.tree import SourceMap
from ldirectord_py.model.checks.check_options import Header
from ldirectord_py.model.problems import Problem, Severity

_SHORTEST = 4
"""Letters of what is looked for and left out of a log; of a password, all that there are."""
_USERINFO = re.compile(r"//([^/@\s]+)@")
MOST = 1000
"""So many problems are told; what follows is only counted."""


class Diagnostics:
    """The problems found so far; their lines are counted through all files, see `SourceMap`."""

    def __init__(self, files: SourceMap, problems: Iterable[tuple[int, str]] = ()) -> None:
        self.files = files
        self._errors: dict[Problem, int] = {}
        self._warnings: dict[Problem, int] = {}
        self._untold = 0
        self.servers = 0
        """Real servers found so far."""
        self.secrets: set[str] = set()
        """What nobody may read in a log."""
        for line, text in problems:
            self.error(line, text)

    def withhold(self, value: object, *, whole: bool) -> None:
        """Take down what of *value* is a secret: the *whole*, or what may stand in a URL."""
        text = value.value if isinstance(value, Header) else value
        if not isinstance(text, str):
            return
        if whole and (len(text) >= _SHORTEST or not isinstance(value, Header)):
            self.secrets.add(text)
        for info in _USERINFO.findall(text):
            self.secrets.update(part for part in (info, *info.split(":", 1)) if len(part) >= _SHORTEST)

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
