"""What each time of a probe needs."""

import socket

from ldirectord_py.model.checks.probe import CheckTarget, Probe


class CompiledProbe:
    """A probe made ready to be carried out many times: what each time needs, worked out once."""

    __slots__ = ("address", "family", "may_meet_itself", "origin", "probe", "target")

    def __init__(self, probe: Probe, target: CheckTarget, ephemeral: range) -> None:
        self.probe = probe
        self.target = target
        self.origin = target.origin
        self.family = socket.AF_INET if target.endpoint.address.version == 4 else socket.AF_INET6
        self.address = (str(target.endpoint.address), target.endpoint.port)
        # A server on this machine at a port that the kernel may pick for the other end, too.
        self.may_meet_itself = target.endpoint.port in ephemeral
