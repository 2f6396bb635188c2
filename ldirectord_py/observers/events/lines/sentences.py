"""Lines of events that are worded alike however they come out."""

from collections.abc import Callable, Sequence

from ldirectord_py.observers.events.log_line import Field, Level, LogLine


def told(level: Level, name: str, sentence: str, *fields: str) -> Callable[[object], Sequence[LogLine]]:
    """Return what makes the one line of an event.

    In *sentence* `{0.seconds:.1f}` stands for the event's `seconds`.  Each of *fields* is the name of one of the
    event's, or `name=theirs` where the line calls it otherwise.
    """
    pairs = [(ours, theirs or ours) for ours, _, theirs in (field.partition("=") for field in fields)]

    def lines(event: object) -> Sequence[LogLine]:
        values = {ours: _value(getattr(event, theirs)) for ours, theirs in pairs}
        return (LogLine(level, name, sentence.format(event), values),)

    return lines


def _value(value: Field) -> Field:
    return round(value, 6) if isinstance(value, float) else value


def silent(event: object) -> Sequence[LogLine]:
    """Return nothing: other lines tell of it."""
    del event
    return ()
