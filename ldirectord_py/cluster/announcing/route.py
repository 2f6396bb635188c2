"""A VIP as a route that is announced over BGP."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ldirectord_py.cluster.announcing.announcer import Form, Stand
from ldirectord_py.model.address import IPAddress

Community = tuple[int, ...]
"""Two numbers of up to 16 bits (RFC 1997), or three of up to 32: a large community (RFC 8092)."""
GRACEFUL_SHUTDOWN: Community = (65535, 0)
"""RFC 8326, §4.1."""


@dataclass(frozen=True, slots=True)
class BgpRoute:
    """The route to one VIP."""

    vip: IPAddress
    communities: tuple[Community, ...] = ()

    @property
    def prefix(self) -> str:
        """The VIP alone, as a network."""
        return prefix(self.vip)

    def of_size(self, numbers: int) -> list[Community]:
        """Return the communities of so many numbers."""
        return [community for community in self.communities if len(community) == numbers]


def prefix(vip: IPAddress) -> str:
    """Return *vip* as a network that holds nothing else."""
    return f"{vip}/{vip.max_prefixlen}"


def community_of(text: str) -> Community:
    """Return the community that is written `65001:7` or `65001:7:1`; raise `ValueError`."""
    numbers = tuple(int(word) if word.isascii() and word.isdigit() else -1 for word in text.split(":"))
    bits = {2: 16, 3: 32}.get(len(numbers), 0)
    if not all(0 <= number < 1 << bits for number in numbers):
        raise ValueError(f"expected a community such as 65001:7, or a large one such as 65001:7:1, but got {text}")
    return numbers


def routes(stands: Mapping[IPAddress, Stand], communities: tuple[Community, ...]) -> Iterator[BgpRoute]:
    """Yield the routes to the VIPs that are announced, in their order."""
    for vip, stand in sorted(stands.items(), key=lambda item: (item[0].version, int(item[0]))):
        if stand.form.announced:
            leaving = (GRACEFUL_SHUTDOWN,) if stand.form is Form.LEAVING else ()
            yield BgpRoute(vip, tuple(dict.fromkeys((*communities, *leaving))))
