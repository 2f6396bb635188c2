"""The rules, one function each."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from ldirectord_py.checks.registry import limiting_directive
from ldirectord_py.config.grammar.directive import quoted, unknown_word
from ldirectord_py.config.grammar.value_types import SCHEDULERS
from ldirectord_py.config.lint.access import as_the_director, writable
from ldirectord_py.config.lint.hopeless import always_down, no_port
from ldirectord_py.config.lint.idle import idle
from ldirectord_py.config.lint.programs import missing_instances, missing_programs
from ldirectord_py.config.lint.rule import Context, LintedVirtual, Rule
from ldirectord_py.config.lint.secrets import readable_secrets
from ldirectord_py.model.checks.check_options import CheckOptions, CheckType
from ldirectord_py.model.checks.check_plan import Always
from ldirectord_py.model.config import Fallback, Real
from ldirectord_py.model.service import AddressKey, Forwarding
from ldirectord_py.model.table import ServiceFlags
from ldirectord_py.system.sysctls import advised

Found = Iterator[tuple[int, str]]

_NEGOTIATING = {CheckType.NEGOTIATE, CheckType.COMBINED}
_READ_DIFFERENTLY: Mapping[str, str] = MappingProxyType(
    {
        r"\\x\{[ \t]*0*[1-9A-Fa-f][0-9A-Fa-f]{2,}": "a character above \\xff, which no byte of an answer is",
        r"\\b\{": "\\b{...}, which Perl takes for a kind of boundary, and PCRE2 for a repetition",
        r"\(\?[a-z^]*[UJ]": "an option that Perl does not know",
        r"\(\?C\d*\)": "a callout, which Perl does not know",
        r"\\g[<']": "a call of a group in Ruby's way, which Perl does not know",
    }
)


def _each(examine: Callable[[LintedVirtual], Found]) -> Callable[[Context], Found]:
    """Return a rule that looks at each virtual by itself."""

    def whole(context: Context) -> Found:
        for place in context.places:
            yield from examine(place)

    return whole


def _each_check(examine: Callable[[LintedVirtual, CheckOptions], Found]) -> Callable[[Context], Found]:
    """Return a rule that looks at each check of each virtual."""

    def whole(context: Context) -> Found:
        for place in context.places:
            for options in place.all_options:
                yield from examine(place, options)

    return whole


def _quiescent_unset(context: Context) -> Found:
    unsaid = [place for place in context.places if place.in_force("quiescent") is None]
    if unsaid:
        sentence = "quiescent is not set; the original's manual says that yes is the default, but it is no"
        yield unsaid[0].opening, f"{sentence} (here and in {len(unsaid) - 1} more)" if len(unsaid) > 1 else sentence


def _any_answer(place: LintedVirtual, options: CheckOptions) -> Found:
    if options.checktype not in _NEGOTIATING or options.service != "dns":
        return
    if not options.receive and not any(real.receive for real in place.virtual.reals):
        yield (
            place.line("service"),
            "a dns check without receive takes any answer for right; the original takes none, so that all are down",
        )


def _slow(place: LintedVirtual, options: CheckOptions) -> Found:
    directive = limiting_directive(options)
    limit = options.checktimeout if directive == "checktimeout" else options.negotiatetimeout
    other = "checktimeout" if directive == "negotiatetimeout" else "negotiatetimeout"
    said = place.in_force(directive) or place.in_force(other)
    never = {CheckType.ON, CheckType.OFF}
    if options.checktype in never or limit <= options.interval or isinstance(place.plan, Always):
        return
    line = said or place.in_force("checkinterval")
    what = f"{said.name} of {limit:g} s" if said else f"{directive}, by default {limit:g} s,"
    sentence = f"{what} is longer than checkinterval ({options.interval:g} s)"
    told = f"{sentence}: a silent server is asked every {limit:g} s only, and out after that"
    # What is said nowhere is told once, at the first virtual that it is for.
    yield (line.number if line else place.first), told


def _ports(place: LintedVirtual) -> Found:
    key = place.virtual.key
    if not isinstance(key, AddressKey):
        return
    for real in place.virtual.reals:
        port = real.endpoint.port
        if _not_rewritten(real, key):
            sentence = f"{_cannot(real)}, so clients reach port {key.endpoint.port} while port {port} is checked"
            yield place.line_of(real), f"{sentence}; use masq, or checkport={port}"
    if (fallback := place.virtual.fallback) and _not_rewritten(fallback, key):
        sentence = f"fallback: {_cannot(fallback)}, so clients reach the virtual's own port there"
        yield _fallback_line(place, fallback), f"{sentence}; use masq, or leave the port out"


def _not_rewritten(server: Real | Fallback, key: AddressKey) -> bool:
    return server.destination.forwarding is not Forwarding.MASQ and server.endpoint.port not in {0, key.endpoint.port}


def _fallback_line(place: LintedVirtual, fallback: Fallback) -> int:
    names = ("fallback", "fallback6")
    return place.line(*(reversed(names) if fallback.endpoint.address.version == 6 else names))


def _cannot(server: Real | Fallback) -> str:
    return f"{server.endpoint}: {server.destination.forwarding} cannot rewrite ports"


def _nowhere(context: Context) -> Found:
    local = context.machine.addresses
    if local is None:
        return
    addressed = [
        (place, key.endpoint.address)
        for place in context.places
        if isinstance(key := place.virtual.key, AddressKey) and place.virtual.vips is None  # else we bring it up
    ]
    absent = [(place, address) for place, address in addressed if address not in local]
    if len(absent) == len(addressed) > 1:
        sentence = "none of the virtuals' addresses is on an interface of this machine"
        yield absent[0][0].opening, f"{sentence}; is it a standby, or not the director that the file is for?"
        return
    for place, address in absent:
        yield place.opening, f"{address} is on no interface of this machine; without it no packet gets to IPVS"


def _moved_by_others(context: Context) -> Found:
    for place in context.places:
        key = place.virtual.key
        if place.virtual.vips is None or not isinstance(key, AddressKey):
            continue
        address = key.endpoint.address
        for file in (name for name, addresses in context.machine.managed.items() if address in addresses):
            sentence = f"vips: {address} stands in {file} as well: where two bring an address up, one takes away"
            yield place.line("vips"), f"{sentence} what the other counts on; leave it to one of them"


def _weightless(place: LintedVirtual) -> Found:
    reals = place.virtual.reals
    if reals and not any(real.destination.weight for real in reals):
        yield place.opening, "every real server has weight 0: none of them ever gets a connection"


def _patterns(place: LintedVirtual, options: CheckOptions) -> Found:
    patterns = {options.receive: place.line("receive")}
    patterns |= {real.receive: place.line_of(real) for real in place.virtual.reals if real.receive}
    for pattern, line in patterns.items():
        # A pair of backslashes stands for one that escapes nothing.
        text = pattern.replace("\\\\", "")
        for construct, what in _READ_DIFFERENTLY.items():
            if re.search(construct, text):
                yield line, f"receive: {quoted(pattern)} has {what}"


def _schedulers(context: Context) -> Found:
    known = context.machine.schedulers
    for place in context.places:
        name = place.virtual.settings.scheduler
        if name not in SCHEDULERS and (known is None or name not in known):
            yield place.line("scheduler"), unknown_word("scheduler", name, SCHEDULERS)
        elif known is not None and name not in known:
            yield place.line("scheduler"), f"scheduler: this kernel has no {name}; it has {', '.join(sorted(known))}"


def _no_directory(context: Context) -> Found:
    directory = context.config.maintenancedir
    if directory is not None and context.machine.mode(directory) is None:
        line = next((line.number for line in context.tree.lines if line.name == "maintenancedir"), 0)
        yield line, f"maintenancedir: there is no {directory}"


def _no_virtuals(context: Context) -> Found:
    if not context.config.virtuals:
        yield 0, "there is no virtual service in it: it directs nothing"


def _stuck_clients(context: Context) -> Found:
    setting = context.machine.setting
    for advice in advised(context.config, lambda name: setting(name) or 0):
        place = next(place for place in context.places if place.virtual is advice.virtuals[0])
        unseen = "; this machine does not say what it is, and 0 is the kernel's default"
        yield place.line("persistent"), advice.sentence + (unseen if setting(advice.name) is None else "")


def _mixed_stop(context: Context) -> Found:
    """Tell of virtuals that a stop takes out while others stay: where all go or all stay, that is what is wanted."""
    if all(place.virtual.cleanstop for place in context.places):
        return
    for place in context.places:
        if place.virtual.cleanstop and place.said("cleanstop") is None:
            sentence = "cleanstop: not set here, so a stop takes this virtual out and its clients get no answer"
            yield place.opening, f"{sentence}, while others have cleanstop=no and stay"


def _stop_empties(context: Context) -> Found:
    """Tell of a table that a stop empties because nobody has said otherwise."""
    if context.places and all(place.in_force("cleanstop") is None for place in context.places):
        what = f"all {len(context.places)} virtual services" if len(context.places) > 1 else "the virtual service"
        sentence = f"cleanstop is not set, so a stop takes {what} out of the table and ends the connections"
        yield context.places[0].opening, f"{sentence}; a restart and a reload do not"


def _no_reals(place: LintedVirtual) -> Found:
    if not place.virtual.reals:
        fallback = "only its fallback serves" if place.virtual.fallback else "nobody serves it"
        yield place.opening, f"there is no real server: {fallback}"


def _unasked(place: LintedVirtual, options: CheckOptions) -> Found:
    if options.checktype in _NEGOTIATING and options.service == "none" and place.said("service") is None:
        key = place.virtual.key
        why = (
            f"port {key.endpoint.port} stands for no service"
            if isinstance(key, AddressKey)
            else "a mark has no service"
        )
        yield place.opening, f"{why} and none is named, so nothing is asked and every server counts as up; set service"
        return
    is_default = options.checkcommand == CheckOptions().checkcommand and place.said("checkcommand") is None
    if options.checktype is CheckType.EXTERNAL and is_default:
        why = f"no program is named, so {options.checkcommand} is run and every server counts as up"
        yield place.line("checktype"), f"checktype: {why}; set checkcommand"


def _head(place: LintedVirtual, options: CheckOptions) -> Found:
    if options.service in {"http", "https", "http_proxy"} and options.httpmethod == "HEAD":
        wants = options.receive or any(real.receive for real in place.virtual.reals)
        if options.checktype in _NEGOTIATING and wants:
            yield place.line("httpmethod"), "an answer to HEAD has no body, so receive never matches: all are down"


def _blocked(place: LintedVirtual, options: CheckOptions) -> Found:
    if options.checktype is CheckType.CONNECT and options.service == "mysql":
        sentence = "a MySQL server that looks up names blocks who connects and does not log in, after 100 connections"
        advice = "use checktype=negotiate with login, passwd and request, or skip_name_resolve there"
        yield place.line("checktype"), f"{sentence} in a row (max_connect_errors): {advice}"


def _standing_in_for_itself(place: LintedVirtual) -> Found:
    fallback = place.virtual.fallback
    if fallback and place.virtual.kernel_endpoint(fallback) in {key.real for key in place.virtual.keys}:
        yield (
            _fallback_line(place, fallback),
            f"fallback: {fallback.endpoint} is one of the real servers, and gets all clients when it is down as well",
        )


def _thresholds(place: LintedVirtual) -> Found:
    for real in place.virtual.reals:
        lower, upper = real.destination.lower, real.destination.upper
        if upper and lower > upper:
            yield (
                place.line_of(real),
                f"l:{lower} is above u:{upper}: once full, the server takes connections only when below both",
            )


def _idle_netmask(place: LintedVirtual) -> Found:
    if (line := place.said("netmask")) and place.said("persistent") is None:
        yield line.number, "netmask: it has no effect without persistent"


def _no_stand_in(place: LintedVirtual) -> Found:
    settings = place.virtual.settings
    if settings.scheduler in {"mh", "sh"} and not settings.flags & ServiceFlags.SCHED1:
        sentence = f"schedflags: without {settings.scheduler}-fallback nobody stands in for a server of weight 0"
        why = "(drained, or out with quiescent=yes): its share of the clients is refused"
        yield place.line("schedflags", "scheduler"), f"{sentence} {why}"


def _shared_checkport(place: LintedVirtual, options: CheckOptions) -> Found:
    if options.checkport is None:
        return
    shared = Counter(real.endpoint.address for real in place.virtual.reals)
    for address, times in shared.items():
        if times > 1:
            sentence = f"checkport: {times} servers at {address} differ by port only"
            yield place.line("checkport"), f"{sentence}, and all are judged by port {options.checkport}"


RULES: tuple[Rule, ...] = (
    Rule("quiescent-unset", "quiescent is left to a default on which manual and program disagree", _quiescent_unset),
    Rule("any-answer", "a dns check takes any answer", _each_check(_any_answer)),
    Rule("slow-to-notice", "a check may take longer than its interval", _each_check(_slow)),
    Rule("port-not-rewritten", "gate and ipip cannot lead to the port that is given", _each(_ports)),
    Rule("address-nowhere", "the virtual's address is on no interface", _nowhere),
    Rule("vip-twice", "a cluster manager moves a VIP that the director brings up itself", _moved_by_others),
    Rule("weights-zero", "all weights are 0", _each(_weightless)),
    Rule("pattern-differs", "Perl and PCRE2 read a pattern differently", _each_check(_patterns)),
    Rule("unknown-scheduler", "the kernel lacks the scheduler", _schedulers),
    Rule("readable-secret", "a password stands in a file that everybody can read", readable_secrets),
    Rule("writable-by-others", "others than root can change what the director reads or runs", writable),
    Rule("checks-as-root", "the program of an external check has the director's user", as_the_director),
    Rule("no-virtuals", "there is no virtual service", _no_virtuals),
    Rule("stuck-clients", "a setting of the kernel keeps clients with servers that are out", _stuck_clients),
    Rule("cleanstop-unset", "a stop empties the table, because nothing says otherwise", _stop_empties),
    Rule("cleanstop-mixed", "a stop takes some virtuals out and leaves others", _mixed_stop),
    Rule("no-such-path", "a directory is not there", _no_directory),
    Rule("no-such-program", "a program that is to be run is not there, or cannot be started", missing_programs),
    Rule("no-such-instance", "execute names a configuration that is not there", missing_instances),
    Rule("no-reals", "a virtual has no real server", _each(_no_reals)),
    Rule("nothing-asked", "no service or no checkcommand is named, so nothing is checked", _each_check(_unasked)),
    Rule("no-effect", "a directive has no effect", idle),
    Rule("head-without-body", "receive cannot match where httpmethod is HEAD", _each_check(_head)),
    Rule("mysql-blocks", "connect checks have a MySQL server block this director", _each_check(_blocked)),
    Rule("no-port", "a check has no port", _each_check(no_port)),
    Rule("always-down", "a check lacks what it would ask with", _each_check(always_down)),
    Rule("fallback-is-real", "the fallback is one of the real servers", _each(_standing_in_for_itself)),
    Rule("thresholds", "the lower threshold is above the upper", _each(_thresholds)),
    Rule("netmask-alone", "netmask without persistent", _each(_idle_netmask)),
    Rule("no-stand-in", "a hashing scheduler refuses the clients of a server of weight 0", _each(_no_stand_in)),
    Rule("shared-checkport", "several servers of one address are judged by one port", _each_check(_shared_checkport)),
)

READING: Mapping[str, str] = MappingProxyType(
    {
        "duplicate-real": "a real server stands there twice",
        "surprising-value": "a value is read as something else than it seems to be",
        "bare-directive": "a directive without a value",
        "no-name-compared": "tlsverify compares no name with the certificate's",
    }
)
"""What is found while a file is read, and told at every start."""
