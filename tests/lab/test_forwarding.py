"""Every way to forward, in both IP families, with a client that is served while servers die and come back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.support.scene import VIP, VIP6, Real, Scene

# Hosts have the addresses 10.9.0.11, .12 and .13, and fd00:9::11 and so on, in the order in which they are added.
BOTH_FAMILIES = """\
checkinterval=1
checktimeout=1
negotiatetimeout=1
quiescent=yes

virtual={v4}
	real=10.9.0.11{port} {method} 2
	real=10.9.0.12{port} {method} 1
	fallback=10.9.0.13{port} {method}
	service=http
	request="alive.html"
	receive="I'm alive!"

virtual6={v6}
	real6=[fd00:9::11]{port} {method} 2
	real6=[fd00:9::12]{port} {method} 1
	fallback6=[fd00:9::13]{port} {method}
	service=http
	request="alive.html"
	receive="I'm alive!"
"""

MARKS_WITH_GLOBAL_FALLBACKS = """\
checkinterval=1
checktimeout=1
negotiatetimeout=1
quiescent=yes
fallback=10.9.0.13 gate
fallback6=[fd00:9::13] gate

virtual=7
	real=10.9.0.11:80 gate 2
	real=10.9.0.12:80 gate 1
	service=http
	request="alive.html"
	receive="I'm alive!"

virtual6=8
	real6=[fd00:9::11]:80 gate 2
	real6=[fd00:9::12]:80 gate 1
	service=http
	request="alive.html"
	receive="I'm alive!"
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A virtual service: where a client asks for it, and what the table calls it, its two servers and its fallback."""

    where: str
    name: str
    servers: tuple[str, str, str]

    def weights(self, *weights: int) -> Mapping[str, int]:
        return dict(zip(self.servers, weights, strict=False))


def addressed(port: int, real_port: int) -> tuple[Service, Service]:
    """Return the services of both families, with their servers at *real_port* in the table."""
    v4, v6 = f"{VIP}:{port}", f"[{VIP6}]:{port}"
    return (
        Service(v4, f"-t {v4}", (f"10.9.0.11:{real_port}", f"10.9.0.12:{real_port}", f"10.9.0.13:{real_port}")),
        Service(
            v6, f"-t {v6}", (f"[fd00:9::11]:{real_port}", f"[fd00:9::12]:{real_port}", f"[fd00:9::13]:{real_port}")
        ),
    )


def servers(scene: Scene, method: str, port: int = 80) -> tuple[Real, Real, Real]:
    return scene.real("one", method, port), scene.real("two", method, port), scene.real("sorry", method, port)


def live_through(scene: Scene, one: Real, two: Real, *services: Service) -> None:
    """Let servers die and come back; the weights in the table follow, and so does the client's traffic."""

    def expect(*weights: int, **served: int) -> None:
        for service in services:
            scene.director.wait_for_weights(service.weights(*weights), virtual=service.name)
            assert scene.client.tally(service.where, 6) == Counter(served)

    expect(2, 1, one=4, two=2)
    one.site.sick()
    expect(0, 1, two=6)
    one.site.alive()
    expect(2, 1, one=4, two=2)
    one.site.sick()
    two.site.sick()
    expect(0, 0, 1, sorry=6)
    two.site.alive()
    expect(0, 1, two=6)


def test_address_translation_to_another_port(scene: Scene) -> None:
    one, two, _ = servers(scene, "masq", 8080)
    scene.director.start(BOTH_FAMILIES.format(v4=f"{VIP}:80", v6=f"[{VIP6}]:80", port=":8080", method="masq"))
    live_through(scene, one, two, *addressed(80, 8080))


def test_direct_routing_where_no_line_names_a_port(scene: Scene) -> None:
    one, two, _ = servers(scene, "gate")
    scene.director.start(BOTH_FAMILIES.format(v4=f"{VIP}:80", v6=f"[{VIP6}]:80", port="", method="gate"))
    live_through(scene, one, two, *addressed(80, 80))


def test_tunnels_to_servers_that_are_checked_at_another_port_than_they_serve(scene: Scene) -> None:
    one, two, sorry = servers(scene, "ipip")
    for real in (one, two, sorry):
        scene.web.serve(real.site, real.host.listen(8080))
    scene.director.start(BOTH_FAMILIES.format(v4=f"{VIP}:8080", v6=f"[{VIP6}]:8080", port=":80", method="ipip"))
    live_through(scene, one, two, *addressed(8080, 8080))


def test_firewall_marks_with_global_fallbacks(scene: Scene) -> None:
    one, two, sorry = servers(scene, "gate")
    mark = "-t mangle -A PREROUTING -p tcp -j MARK"
    scene.director.host.run(f"iptables-legacy {mark} --set-mark 7 -d {VIP}")
    scene.director.host.run(f"ip6tables-legacy {mark} --set-mark 8 -d {VIP6}")
    scene.director.start(MARKS_WITH_GLOBAL_FALLBACKS)
    live_through(
        *(scene, one, two),
        Service(f"{VIP}:80", "-f 7", (one.at, two.at, f"{sorry.host.v4}:0")),
        Service(f"[{VIP6}]:80", "-f 8", (one.at6, two.at6, f"[{sorry.host.v6}]:0")),
    )
    scene.director.stop()
    assert not scene.director.table().virtuals
