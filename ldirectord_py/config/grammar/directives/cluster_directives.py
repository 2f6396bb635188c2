"""A director among others: the directives, one row each."""

from ldirectord_py.config.grammar import cluster_values, places, value_types
from ldirectord_py.config.grammar.defaults import CONFIG, VIRTUAL
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.model.cluster.sync_daemon import SyncSettings
from ldirectord_py.model.cluster.vips import VipPlace

_GLOBAL, _BOTH = Scope.GLOBAL, Scope.BOTH

ROLE = Directive(
    "role",
    _GLOBAL,
    cluster_values.ROLE,
    CONFIG.cluster.role,
    "What says whether this director is active or standby: a word, a file, a named pipe, or who has the VIP",
)
STANDBYINTERVAL: Directive[int | None] = Directive(
    "standbyinterval",
    _GLOBAL,
    value_types.COUNT,
    CONFIG.cluster.standbyinterval,
    "Seconds from one check of a server to the next while standby; by default as while active",
)
SYNCDAEMON: Directive[SyncSettings | None] = Directive(
    "syncdaemon",
    _GLOBAL,
    cluster_values.SYNC,
    CONFIG.cluster.sync,
    "The kernel's sync daemon: master while active, backup while standby; with peer, both at all times",
)
VIPS: Directive[VipPlace | None] = Directive(
    "vips",
    _BOTH,
    places.VIPS,
    VIRTUAL.vips,
    "Bring the virtual's address up, on the interface of its network or the one named, while this director is active",
)
TRACKFILE: Directive[str | None] = Directive(
    "trackfile",
    _BOTH,
    value_types.ABSOLUTE_PATH,
    VIRTUAL.trackfile,
    "A file that says how many per cent of the virtual services that name it are served, for keepalived's track_file",
)
