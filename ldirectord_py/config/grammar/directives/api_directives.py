"""The API: where it is served, and who may use it: the directives, one row each."""

from ldirectord_py.config.grammar import places, value_types
from ldirectord_py.config.grammar.defaults import CONFIG
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.model.address import Endpoint

_GLOBAL = Scope.GLOBAL


STATUSLISTEN: Directive[Endpoint | None] = Directive(
    "statuslisten",
    _GLOBAL,
    value_types.LISTEN,
    CONFIG.api.statuslisten,
    "Where the status page and the API are served over TCP, to be read by anyone; by default nowhere",
)
APITOKENS: Directive[str | None] = Directive(
    "apitokens",
    _GLOBAL,
    value_types.ABSOLUTE_PATH,
    CONFIG.api.tokens,
    "A file of tokens, with which the API may be written to over TCP",
)
APIGROUP: Directive[str | None] = Directive(
    "apigroup", _GLOBAL, places.GROUP, CONFIG.api.group, "The group that may give commands over the control socket"
)
APIREADGROUP: Directive[str | None] = Directive(
    "apireadgroup", _GLOBAL, places.GROUP, CONFIG.api.readgroup, "The group that may read over the control socket"
)
APIHOSTS: Directive[tuple[str, ...]] = Directive(
    "apihosts",
    _GLOBAL,
    places.HOST_NAMES,
    CONFIG.api.hosts,
    "Names under which statuslisten is reached, besides addresses, localhost and the machine's own name",
)
APICERTIFICATE: Directive[str | None] = Directive(
    "apicertificate",
    _GLOBAL,
    places.PATH,
    None,
    "The certificate with which statuslisten speaks TLS, and those above it; by default it speaks none",
)
APIKEY: Directive[str | None] = Directive(
    "apikey", _GLOBAL, places.PATH, None, "The key of apicertificate; by default it is in the same file"
)
APICLIENTCA: Directive[str | None] = Directive(
    "apiclientca", _GLOBAL, places.PATH, None, "The authorities whose certificates clients may show in place of a token"
)
APICLIENTS: Directive[tuple[str, ...]] = Directive(
    "apiclients",
    _GLOBAL,
    places.CLIENT_NAMES,
    (),
    "The names in certificates of clients whose holders may write; *: all that apiclientca has signed",
)
