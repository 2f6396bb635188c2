"""The examples of `etc/`, with the names and addresses of the lab."""

from collections.abc import Mapping

from tests.lab.support.scene import VIP

_NAMES = {
    **{f"10.0.{net}.{host}": f"10.9.{net}.2{host}" for net in (0, 1) for host in (1, 2)},
    "192.0.2.10": VIP,
    ".foo.com": "",
}
_NOTHING: Mapping[str, str] = {}


def here(text: str, more: Mapping[str, str] = _NOTHING) -> str:
    """Return an example with what it names as it is called here, and with *more* words replaced."""
    for example, name in (_NAMES | more).items():
        text = text.replace(example, name)
    return text
