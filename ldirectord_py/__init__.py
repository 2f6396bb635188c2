"""A health-checking control plane for Linux Virtual Server: `ldirectord.cf` in, IPVS weights out."""

__version__ = "0.1.0"
