"""How mail leaves this machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Where mail goes: the port of mail servers, and the sendmail programs of which the first that is there is run."""

    port: int = 25
    sendmail: tuple[str, ...] = ("/usr/sbin/sendmail", "/usr/lib/sendmail")
