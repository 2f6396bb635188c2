"""From a raw tree to a complete `Config`, or to every problem at once."""

from dataclasses import replace
from functools import cache

from ldirectord_py.config.grammar.diagnostics import Diagnostics
from ldirectord_py.config.grammar.directive import Scope, shown
from ldirectord_py.config.grammar.directives import director_directives as d
from ldirectord_py.config.grammar.directives.check_directives import CHECKINTERVAL
from ldirectord_py.config.grammar.directives.table_directives import READDQUIESCENT
from ldirectord_py.config.grammar.tree import Section, SourceMap, Tree
from ldirectord_py.config.grammar.values import Values, read_values
from ldirectord_py.config.meaning.api import api_settings
from ldirectord_py.config.meaning.checks import CheckContext
from ldirectord_py.config.meaning.cluster import cluster, note_cluster
from ldirectord_py.config.meaning.resolve import Resolver, no_directory, no_socket, unwritable
from ldirectord_py.config.meaning.servers import fallbacks
from ldirectord_py.config.meaning.vips import check_vips
from ldirectord_py.config.meaning.virtuals import check_trackfiles, virtual
from ldirectord_py.model.config import JOURNAL, JOURNAL_SOCKET, ApiSettings, Config, MetricsDetail, Virtual
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.health import FaultRules
from ldirectord_py.model.service import VirtualKey


def build(tree: Tree, files: SourceMap, environment: Resolver) -> Config:
    """Return the configuration that *tree*, of all *files*, describes, every value in force.

    Raises `ConfigRejected` with all problems, by line.
    """
    # Each name is looked up once, however often it is used.
    environment = replace(
        environment, host_address=cache(environment.host_address), port_number=cache(environment.port_number)
    )
    diagnostics = Diagnostics(files, tree.problems)
    for number, note in tree.notes:
        diagnostics.warning(number, note, "surprising-value")
    values = read_values(tree.lines, Scope.GLOBAL, diagnostics)
    if environment.check_paths:
        _check_paths(values, diagnostics)
    _note_fork(values, diagnostics)
    _note_faultdown(values, diagnostics)
    around = CheckContext(values, fallbacks(values, ("tcp", "udp"), environment, diagnostics), environment, diagnostics)
    api = api_settings(values, around.tls_files, diagnostics)
    read_values(tree.defaults, Scope.SECTION, diagnostics)  # so that what is wrong is told even where nobody uses it
    virtuals = _virtuals(tree.sections, around)
    note_cluster(values, virtuals, diagnostics)
    if diagnostics.refused:
        raise ConfigRejected(diagnostics.problems)
    return _config(tree.path, values, api, virtuals, diagnostics)


def _virtuals(sections: tuple[Section, ...], around: CheckContext) -> tuple[Virtual, ...]:
    found: dict[VirtualKey, Virtual] = {}
    places: dict[VirtualKey, int] = {}
    files = around.diagnostics.files
    for section in sections:
        one = virtual(section, around)
        if one is None:
            continue
        if section.lost:
            around.diagnostics.error(section.end, f"{section.label} has no real servers: the file ends here")
        if one.key in found:
            sentence = f"duplicate virtual server: {one.key}, opened at line {one.line}"
            first = files.told(places[one.key], beside=section.end)
            around.diagnostics.error(section.end, f"{sentence}, is there already, from {first} on")
        found.setdefault(one.key, one)
        places.setdefault(one.key, section.opening.number)
    check_vips(((one, places[key]) for key, one in found.items()), around)
    return tuple(found.values())


def _config(
    path: str, values: Values, api: ApiSettings, virtuals: tuple[Virtual, ...], diagnostics: Diagnostics
) -> Config:
    return Config(
        path=path,
        virtuals=virtuals,
        autoreload=values.get(d.AUTORELOAD),
        callback=values.get(d.CALLBACK),
        execute=tuple(entry.value for entry in values.each(d.EXECUTE) if entry.value is not None),
        supervised=values.get(d.SUPERVISED),
        fork=values.get(d.FORK),
        readdquiescent=values.get(READDQUIESCENT),
        logfile=values.get(d.LOGFILE),
        maintenancedir=values.get(d.MAINTENANCEDIR),
        record=values.get(d.RECORD),
        historyfile=values.get(d.HISTORYFILE),
        historysize=values.get(d.HISTORYSIZE),
        checkinterval=float(values.get(CHECKINTERVAL)),
        metricslisten=values.get(d.METRICSLISTEN),
        metricsdetail=MetricsDetail(values.get(d.METRICSDETAIL)),
        api=api,
        cluster=cluster(values),
        reconcileinterval=values.get(d.RECONCILEINTERVAL),
        sysctls=values.get(d.SYSCTLS),
        reloadlimit=values.get(d.RELOADLIMIT),
        faults=FaultRules(values.get(d.FAULTLIMIT), values.get(d.FAULTDOWN)),
        warnings=diagnostics.problems,
        secrets=frozenset(diagnostics.secrets),
    )


def _note_fork(values: Values, diagnostics: Diagnostics) -> None:
    for entry in values.each(d.FORK):
        if entry.value:
            diagnostics.warning(
                entry.line, "fork: this has no meaning here: every check runs at its own pace anyway", "no-effect"
            )


def _note_faultdown(values: Values, diagnostics: Diagnostics) -> None:
    for entry in values.each(d.FAULTDOWN):
        if entry.value and not values.get(d.FAULTLIMIT):
            diagnostics.warning(
                entry.line, "faultdown: this has no meaning without faultlimit, such as 60", "no-effect"
            )


def _check_paths(values: Values, diagnostics: Diagnostics) -> None:
    supervised = next((entry.line for entry in values.each(d.SUPERVISED) if entry.value), None)
    for entry in values.each(d.LOGFILE):
        unused = supervised is not None and supervised < entry.line
        if entry.value.startswith("/") and not unused and (reason := unwritable(entry.value)):
            sentence = f"unable to open logfile: {shown(entry.value)}: {reason}; until it can be, lines are lost"
            diagnostics.warning(entry.line, f"logfile: {sentence}", "unwritable-file")
        if entry.value == JOURNAL and not unused and no_socket(JOURNAL_SOCKET):
            sentence = f"there is no journal here, since {JOURNAL_SOCKET} is no socket; until it is, lines are lost"
            diagnostics.warning(entry.line, f"logfile: {sentence}", "unwritable-file")
    for file in values.each(d.RECORD):
        if reason := unwritable(file.value or ""):
            sentence = f"unable to record in {shown(file.value or '')}: {reason}; until it can be, nothing is recorded"
            diagnostics.warning(file.line, f"record: {sentence}", "unwritable-file")
    for file in values.each(d.HISTORYFILE):
        if reason := unwritable(file.value or ""):
            sentence = f"unable to write {shown(file.value or '')}: {reason}; until it can be, a restart forgets events"
            diagnostics.warning(file.line, f"historyfile: {sentence}", "unwritable-file")
    check_trackfiles(values, diagnostics)
    for directory in values.each(d.MAINTENANCEDIR):
        if no_directory(directory.value or ""):
            diagnostics.warning(directory.line, "maintenancedir: maintenance directory does not exist", "no-such-path")
