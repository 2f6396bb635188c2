"""What an operator has written, as it is sent within a command of a line-based protocol."""

from ldirectord_py.checks.building.invalid_option import InvalidOption


def argument(text: str, directive: str, protocol: str, *, lines: bool = False) -> bytes:
    """Return *text*, the value of *directive*, as *protocol* sends it; with *lines* it may have several.

    Raises `InvalidOption` where the protocol has no way to send it: it would end the command.
    """
    sent = text.encode("utf-8", "surrogateescape")
    if b"\0" in sent or (not lines and (b"\r" in sent or b"\n" in sent)):
        what = "a NUL character" if lines else "a line break or a NUL character"
        raise InvalidOption(directive, f"expected text that {protocol} can carry, but got one with {what}")
    return sent
