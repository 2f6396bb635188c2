"""The errors that cross package borders."""

from collections.abc import Sequence

from ldirectord_py.model.problems import Problem
from ldirectord_py.model.sources import Sources


class DirectorError(Exception):
    """Whatever keeps the director from doing what it was asked to; the message is for the operator."""


class ConfigRejected(DirectorError):
    """A configuration that cannot be used; *problems* holds all of them, warnings too."""

    def __init__(self, problems: Sequence[Problem], sources: Sources | None = None) -> None:
        self.problems = tuple(problems)
        self.sources = sources or Sources()
        """The files that were read, as far as they were."""
        super().__init__("\n".join(str(problem) for problem in problems))


class CommandRefused(DirectorError):
    """An operator's command that is not carried out, and changes nothing."""


class UnknownTarget(CommandRefused):
    """A command about whom nobody knows; *candidates* are names that come close."""

    def __init__(self, sentence: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.candidates = tuple(candidates)


class AmbiguousTarget(UnknownTarget):
    """A name that several real servers or virtual services bear: *candidates*."""


class LastServer(CommandRefused):
    """A command that would leave *virtuals*, by their names, without a server: to be forced."""

    def __init__(self, sentence: str, virtuals: Sequence[str]) -> None:
        super().__init__(sentence)
        self.virtuals = tuple(virtuals)


class TableUnavailable(DirectorError):
    """The IPVS table cannot be reached: no such kernel facility, or no right to it."""


class NotDirecting(DirectorError):
    """The director has not begun yet, or is about to end: nothing can be asked of it."""


class CheckUnavailable(DirectorError):
    """A check cannot be carried out here: a system call of our own was refused, or the configuration cannot be used.

    Only what opens sockets, starts processes or loads files raises it, at the call that failed, and nothing else ends
    in a *fault*.  What an answer leads to is never this: a server must not be able to choose that it stays in.
    """
