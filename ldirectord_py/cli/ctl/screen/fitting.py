"""What of a table there is room for: which columns, how wide, and texts cut with a mark where they are longer."""

from collections.abc import Mapping, Sequence

from ldirectord_py.cli.ctl.screen.sheet import Column

BESIDE = 2
"""Blanks beside each column."""
LEAST_NAME = 9
"""Characters to which a name is shortened at most."""
_MARK = "\N{HORIZONTAL ELLIPSIS}"


def fitted(columns: Sequence[Column], widths: Sequence[int], sorts: int, room: int) -> Mapping[int, int]:
    """Return the columns that are shown in so much *room*, by their numbers in *columns*, each with its width.

    *widths* are those of their longest texts; the column that *sorts* is never left out.  Where there is too little
    room even without all that are `spare`, names are shortened, the longest ones first.
    """
    shown = dict(enumerate(widths))
    for number in sorted(shown, key=lambda number: -columns[number].spare):
        if _total(shown) <= room:
            break
        if columns[number].spare and number != sorts:
            del shown[number]
    names = [number for number in shown if columns[number].name]
    while _total(shown) > room and names:
        longest = max(names, key=shown.__getitem__)
        if shown[longest] <= LEAST_NAME:
            break
        shown[longest] -= 1
    return shown


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + BESIDE * len(widths)


def shortened(name: str, width: int) -> str:
    """Return *name* in at most *width* characters, at least 1: both of its ends, and a mark between them."""
    if len(name) <= width:
        return name
    end = (width - 1) // 2
    return f"{name[: width - 1 - end]}{_MARK}{name[len(name) - end :]}"
