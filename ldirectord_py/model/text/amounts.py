"""Amounts as people read them."""

_SIZES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def amount(number: float, unit: str = "") -> str:
    """Return a number with at most three digits and its size, such as `12.5 k` or `3 MB/s` (*unit* is `B/s`)."""
    for size, letter in _SIZES:
        if number >= size:
            return f"{number / size:.3g} {letter}{unit}"
    digits = f"{number:.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"
    return f"{digits} {unit}".rstrip()
