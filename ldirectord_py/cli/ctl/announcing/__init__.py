"""The command that announces VIPs over BGP: it follows the daemon and tells ExaBGP or BIRD what follows from that."""
