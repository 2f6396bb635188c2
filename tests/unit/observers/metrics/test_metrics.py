"""Events and a snapshot in, samples out."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from ldirectord_py.model import events as ev
from ldirectord_py.model.checks.outcome import Phase, Reason, down
from ldirectord_py.model.commands import AdminKind, AdminState
from ldirectord_py.model.config import MetricsDetail
from ldirectord_py.model.events import MailDone, MailsLost
from ldirectord_py.model.health import State
from ldirectord_py.model.service import MarkKey, RealKey
from ldirectord_py.model.snapshot import Snapshot, VirtualStatus
from ldirectord_py.model.table import Connections, Totals
from ldirectord_py.observers.metrics.metrics import TURN, Metrics
from tests.unit.observers import happenings as the

SNAPSHOT = the.snapshot(
    the.virtual(the.WEB, the.status(the.REAL), the.status(the.OTHER, State.DOWN, actual=None)),
    the.virtual(the.MARK6, the.status(the.MARKED, State.UNKNOWN, weight=0, actual=0), checktype="connect"),
)
REAL = {"virtual": "tcp:10.0.0.1:80", "real": "10.0.0.5:80"}
OTHER = {"virtual": "tcp:10.0.0.1:80", "real": "10.0.0.6:80"}
MARKED = {"virtual": "fwm6:5", "real": "[fd00::5]:0"}
WEB = {"virtual": "tcp:10.0.0.1:80"}
MARK6 = {"virtual": "fwm6:5"}
EVERYTHING = (
    the.CHECKED,
    the.FAILED,
    the.TIMED_OUT,
    the.FAULT,
    the.WENT_DOWN,
    the.CAME_UP,
    the.FORGIVEN,
    the.SOFTLY,
    the.DRIFT,
    the.REFUSED,
    the.written(the.add(3)),
    the.written(the.add(3)),
    ev.Started(2, 3),
    ev.Reconciled(0.02),
)


class Scene:
    """Metrics over a snapshot that a test may exchange."""

    def __init__(self, snapshot: Snapshot = SNAPSHOT) -> None:
        self.snapshot = snapshot
        self.now = 1000.0
        self.refreshed = 0
        self.metrics = Metrics(
            lambda: self.snapshot, "1.2.3", refresh=self.refresh, clock=lambda: self.now, monotonic=lambda: self.now
        )

    async def refresh(self) -> None:
        self.refreshed += 1

    def samples(self, *events) -> dict[tuple, float]:
        for event in events:
            self.metrics.observe(event)
        body, _ = self.metrics.render()
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in parse_plain(body.decode())
            for sample in family.samples
        }


def key(name: str, /, **labels: str) -> tuple:
    return (f"ldirectord_{name}", *sorted(labels.items()))


def test_maintenance_shows_and_is_no_failed_check() -> None:
    in_maintenance = replace(the.status(the.REAL, State.DOWN), maintenance="10.0.0.5")
    scene = Scene(the.snapshot(the.virtual(the.WEB, in_maintenance, the.status(the.OTHER))))
    before = scene.samples()
    told = down(Reason.MAINTENANCE, "Server in maintenance")
    after = scene.samples(ev.CheckDone((the.REAL,), told, 0.0, 0.0))
    assert after[key("real_maintenance", **REAL)] == 1
    assert after[key("real_maintenance", **OTHER)] == 0
    names = ("ldirectord_check", "ldirectord_scheduler_lag")
    assert all(after[name] == value for name, value in before.items() if str(name[0]).startswith(names))
    assert not any(("reason", "maintenance") in name for name in after)


def test_programs_and_lost_lines_are_counted() -> None:
    samples = Scene().samples(
        ev.HookDone("callback", "/bin/x", "", 0.1),
        ev.HookDone("callback", "/bin/x", "", 0.1),
        ev.HookDone("callback", "/bin/x", "exit status 1", 0.1),
        ev.MonitorFileFailed("/m", 3, "full", first=True),
        ev.MonitorFileFailed("/m", 4, "full", first=False),
    )
    assert samples[key("hooks_total", directive="callback", result="success")] == 2
    assert samples[key("hooks_total", directive="callback", result="failure")] == 1
    assert samples[key("monitorfile_lost_lines_total")] == 7


def test_mails_are_counted() -> None:
    taken, failed = MailDone("x", ("a@b",), None, ""), MailDone("x", ("a@b",), None, "550 no")
    samples = Scene().samples(taken, taken, failed, MailsLost(7, 5))
    assert [samples[key("mails_total", result=each)] for each in ("sent", "failed", "lost")] == [2, 1, 7]


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("real_up", REAL, 1),
        ("real_up", OTHER, 0),
        ("real_up", MARKED, 0),
        ("real_weight", REAL | {"kind": "configured"}, 3),
        ("real_weight", REAL | {"kind": "effective"}, 3),
        ("real_weight", REAL | {"kind": "kernel"}, 3),
        ("real_weight", OTHER | {"kind": "configured"}, 3),
        ("real_weight", OTHER | {"kind": "effective"}, 0),
        ("real_weight", OTHER | {"kind": "kernel"}, 0),
        ("real_state", REAL | {"state": "up"}, 1),
        ("real_state", REAL | {"state": "down"}, 0),
        ("real_state", REAL | {"state": "unknown"}, None),
        ("real_state", OTHER | {"state": "up"}, 0),
        ("real_state", OTHER | {"state": "down"}, 1),
        ("real_state", MARKED | {"state": "down"}, 0),
        ("real_state", MARKED | {"state": "unknown"}, 1),
        ("real_last_change_timestamp_seconds", REAL, 1_000_000_000.5),
        ("checks_total", REAL | {"result": "success"}, 1),
        ("checks_total", REAL | {"result": "failure"}, 1),
        ("checks_total", REAL | {"result": "timeout"}, 1),
        ("checks_total", REAL | {"result": "local_error"}, 1),
        ("checks_total", OTHER | {"result": "timeout"}, 1),
        ("checks_total", MARKED | {"result": "success"}, 0),
        ("check_failures_total", WEB | {"reason": "refused"}, 1),
        ("check_failures_total", WEB | {"reason": "timeout"}, 2),
        ("check_failures_total", WEB | {"reason": "local"}, 1),
        ("check_transitions_total", REAL | {"to": "up"}, 1),
        ("check_transitions_total", REAL | {"to": "down"}, 1),
        ("check_transitions_total", OTHER | {"to": "down"}, 0),
        ("check_last_duration_seconds", OTHER, 5),
        ("check_duration_seconds_bucket", WEB | {"checktype": "negotiate", "le": "0.005"}, 2),
        ("check_duration_seconds_bucket", WEB | {"checktype": "negotiate", "le": "5.0"}, 5),
        ("check_duration_seconds_count", WEB | {"checktype": "negotiate"}, 5),
        ("check_duration_seconds_sum", WEB | {"checktype": "negotiate"}, 10.015),
        ("check_duration_seconds_count", MARK6 | {"checktype": "connect"}, 0),
        ("virtual_info", WEB | {"name": "shop", "scheduler": "wlc", "service": "http", "quiescent": "false"}, 1),
        ("virtual_reals", WEB | {"state": "up"}, 1),
        ("virtual_reals", WEB | {"state": "down"}, 1),
        ("virtual_reals", WEB | {"state": "unknown"}, 0),
        ("virtual_weight", WEB, 3),
        ("virtual_weight", MARK6, 0),
        ("virtual_fallback_active", WEB, 0),
        ("virtual_fallback_active", MARK6, 1),
        ("drift_total", {"kind": "weight"}, 1),
        ("drift_total", {"kind": "missing_service"}, 0),
        ("table_changes_total", {"change": "add_destination", "cause": "health", "result": "ok"}, 2),
        ("table_changes_total", {"change": "add_destination", "cause": "health", "result": "refused"}, 1),
        ("config_last_reload_successful", {}, 1),
        ("config_last_reload_success_timestamp_seconds", {}, 1000),
        ("scheduler_lag_seconds_bucket", {"le": "0.0025"}, None),
        ("scheduler_lag_seconds_bucket", {"le": "0.005"}, 3),
        ("scheduler_lag_seconds_count", {}, 4),
        ("checks_inflight", {}, 2),
        ("checks_queued", {}, 1),
        ("first_pass_complete", {}, 1),
        ("table_reachable", {}, 1),
        ("config_hash_info", {"hash": "c0ffee"}, 1),
        ("netlink_operations_total", {"op": "set_dest", "result": "ok"}, 7),
        ("netlink_operations_total", {"op": "new_dest", "result": "eexist"}, 1),
        ("netlink_duration_seconds_sum", {}, 0.25),
        ("netlink_duration_seconds_count", {}, 4),
        ("reconcile_duration_seconds_bucket", {"le": "0.05"}, 1),
        ("reconcile_duration_seconds_count", {}, 1),
        ("reconcile_last_success_timestamp_seconds", {}, 1000),
    ],
)
def test_what_happened_is_counted(name, labels, value):
    assert Scene().samples(*EVERYTHING).get(key(name, **labels)) == value


def test_servers_are_described_in_node_exporters_spelling():
    samples = Scene().samples()

    address = {"local_address": "10.0.0.1", "local_port": "80", "local_mark": "", "proto": "TCP"}
    mark = {"local_address": "", "local_port": "0", "local_mark": "00000005", "proto": "FWM"}
    there = {"remote_address": "10.0.0.5", "remote_port": "80"}
    there6 = {"remote_address": "fd00::5", "remote_port": "0"}
    assert (
        samples[key("real_info", **REAL, **address, **there, forward="gate", checktype="negotiate", name="shop")] == 1
    )
    assert samples[key("real_info", **MARKED, **mark, **there6, forward="gate", checktype="connect", name="shop")] == 1


def test_connections_are_shown_where_they_are_known():
    known = replace(the.status(the.REAL), connections=Connections(7, 2, 1))
    samples = Scene(the.snapshot(the.virtual(the.WEB, known, the.status(the.OTHER)))).samples()

    assert samples[key("real_connections", **REAL, state="active")] == 7
    assert samples[key("real_connections", **REAL, state="inactive")] == 2
    assert samples[key("real_connections", **REAL, state="persistent")] == 1
    assert key("real_connections", **OTHER, state="active") not in samples


async def test_connections_are_asked_for_only_where_they_are_shown():
    scene = Scene()
    for detail in MetricsDetail:
        scene.metrics.detail = detail
        await scene.metrics.prepare()
    assert scene.refreshed == 2  # at extra and at full


def test_traffic_and_phases_are_shown_where_they_are_wanted():
    counted = replace(the.status(the.REAL), totals=Totals(5, 60, 70, 8000, 9000))
    scene = Scene(the.snapshot(the.virtual(the.WEB, counted, the.status(the.OTHER))))
    took = ((Phase.CONNECT, 0.002), (Phase.PROCESSING, 0.04))
    scene.metrics.observe(the.CHECKED._replace(outcome=replace(the.CHECKED.outcome, phases=took)))
    name = "ldirectord_check_phase_duration_seconds_count"
    assert not [each for each in scene.samples() if "phase" in each[0] or "coming_bytes" in each[0]]
    scene.metrics.detail = MetricsDetail.EXTRA
    samples = scene.samples()
    assert samples[key("real_new_connections_total", **REAL)] == 5
    assert samples[key("real_incoming_packets_total", **REAL)] == 60
    assert samples[key("real_outgoing_packets_total", **REAL)] == 70
    assert samples[key("real_incoming_bytes_total", **REAL)] == 8000
    assert samples[key("real_outgoing_bytes_total", **REAL)] == 9000
    assert key("real_incoming_bytes_total", **OTHER) not in samples
    found = {dict(labels)["phase"]: value for (which, *labels), value in samples.items() if which == name}
    assert found == {"connect": 1, "processing": 1}


DOWNTIME = key("real_downtime_seconds_total", **REAL)
WEB_DOWN = the.snapshot(the.virtual(the.WEB, the.status(the.REAL, State.DOWN)))
IN_MAINTENANCE = the.snapshot(
    the.virtual(
        the.WEB,
        replace(the.status(the.REAL), maintenance="web", health=the.health(State.DOWN, reason=Reason.MAINTENANCE)),
    )
)


def test_downtime_is_counted_from_going_down_to_coming_up():
    scene = Scene()
    assert scene.samples()[DOWNTIME] == 0
    scene.metrics.observe(the.WENT_DOWN)
    scene.snapshot, scene.now = WEB_DOWN, 1030.0
    assert scene.samples()[DOWNTIME] == 30
    scene.now = 1040.0
    scene.metrics.observe(the.CAME_UP)
    scene.snapshot, scene.now = SNAPSHOT, 2000.0
    assert scene.samples()[DOWNTIME] == 40
    scene.metrics.observe(the.WENT_DOWN)
    scene.snapshot, scene.now = WEB_DOWN, 2001.0
    assert scene.samples()[DOWNTIME] == 41


@pytest.mark.parametrize(("since", "seconds"), [(1005.0, 15), (900.0, 20), (5000.0, 0)])
def test_who_was_down_when_counting_began_is_so_since_then(since, seconds):
    """Neither an outage before that counts nor a clock that was set back."""
    scene = Scene(WEB_DOWN)
    down = replace(the.status(the.REAL), health=replace(the.health(State.DOWN), since=since))
    scene.snapshot, scene.now = the.snapshot(the.virtual(the.WEB, down)), 1020.0
    assert scene.samples()[DOWNTIME] == seconds


def test_maintenance_is_no_downtime():
    scene = Scene(WEB_DOWN)
    scene.metrics.observe(the.WENT_DOWN)
    scene.now = 1010.0
    scene.metrics.observe(ev.MaintenanceChanged(the.REAL, active=True, by="web"))
    scene.snapshot, scene.now = IN_MAINTENANCE, 2000.0
    assert scene.samples()[DOWNTIME] == 10


def drained(kind: AdminKind = AdminKind.DRAIN, until: float | None = None) -> AdminState:
    return AdminState(kind=kind, by="root (pid 801)", since=990.0, until=until)


@pytest.mark.parametrize(
    ("admin", "state"),
    [(drained(), "draining"), (drained(AdminKind.MAINTENANCE), "maintenance"), (drained(AdminKind.WEIGHT), "up")],
    ids=["drain", "maintenance", "weight"],
)
def test_what_an_operator_has_said_is_shown(admin, state):
    admin = replace(admin, weight=5 if admin.kind is AdminKind.WEIGHT else None)
    told = replace(the.status(the.REAL), admin=admin)
    samples = Scene(the.snapshot(the.virtual(the.WEB, told, the.status(the.OTHER)))).samples()

    assert samples[key("real_state", **REAL, state=state)] == 1
    assert samples[key("real_admin_since_timestamp_seconds", **REAL, kind=admin.kind.value)] == 990
    assert not [name for name, *_ in samples if name.endswith("_until_timestamp_seconds")]
    assert key("real_admin_since_timestamp_seconds", **OTHER, kind="drain") not in samples


def test_the_end_of_a_drain_is_shown_where_it_has_one():
    told = replace(the.status(the.REAL), admin=drained(until=2000.0))
    samples = Scene(the.snapshot(the.virtual(the.WEB, told))).samples()
    assert samples[key("real_admin_until_timestamp_seconds", **REAL, kind="drain")] == 2000


def test_an_operators_maintenance_is_no_downtime():
    scene = Scene(WEB_DOWN)
    scene.metrics.observe(the.WENT_DOWN)
    scene.now = 1010.0
    scene.metrics.observe(ev.AdminChanged(the.REAL, None, drained(), ev.AdminCause.COMMAND))
    scene.now = 1015.0
    scene.metrics.observe(ev.AdminChanged(the.REAL, None, drained(AdminKind.MAINTENANCE), ev.AdminCause.COMMAND))
    scene.snapshot, scene.now = IN_MAINTENANCE, 2000.0
    assert scene.samples()[DOWNTIME] == 15


AT_EACH_DETAIL = {
    MetricsDetail.EXTRA: {"real", "virtual", "director"},
    MetricsDetail.FULL: {"real", "virtual", "director"},
    MetricsDetail.REAL: {"real", "virtual", "director"},
    MetricsDetail.VIRTUAL: {"virtual", "director"},
    MetricsDetail.OFF: {"director"},
}


@pytest.mark.parametrize("detail", MetricsDetail)
def test_there_are_series_of_what_the_detail_says(detail):
    scene = Scene()
    scene.metrics.detail = detail
    samples = scene.samples(*EVERYTHING)

    labels = [{name for name, _ in each} for _, *each in samples]
    kinds = {"real" if "real" in each else "virtual" if "virtual" in each else "director" for each in labels}
    assert kinds == AT_EACH_DETAIL[detail]
    of_reals = {sample[0] for sample in samples if "real" in {name for name, _ in sample[1:]}}
    if detail is MetricsDetail.REAL:
        assert of_reals == {
            "ldirectord_real_up",
            "ldirectord_real_weight",
            "ldirectord_real_last_change_timestamp_seconds",
        }
        assert samples[key("real_weight", **REAL, kind="effective")] == 3
        assert key("real_weight", **REAL, kind="kernel") not in samples
    if detail in {MetricsDetail.REAL, MetricsDetail.VIRTUAL}:
        assert samples[key("checks_total", **WEB, result="timeout")] == 2
        assert samples[key("check_transitions_total", **WEB, to="down")] == 1


def test_what_was_counted_is_there_when_the_detail_changes():
    scene = Scene()
    scene.metrics.detail = MetricsDetail.OFF
    scene.samples(*EVERYTHING)
    scene.metrics.detail = MetricsDetail.FULL
    assert scene.samples()[key("checks_total", **REAL, result="success")] == 1


def test_the_build_and_the_process_are_described():
    names = {name for name, *_ in Scene().samples()}

    assert {
        "ldirectord_build_info",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
        "python_gc_collections_total",
    } <= names


def test_a_server_that_was_not_checked_has_no_duration():
    assert key("check_last_duration_seconds", **REAL) not in Scene().samples()


def test_the_end_of_a_certificate_is_shown_where_one_was_seen():
    shown = replace(the.status(the.REAL), certificate_expires=1_700_000_000.0)
    samples = Scene(the.snapshot(the.virtual(the.WEB, shown, the.status(the.OTHER)))).samples()

    assert samples[key("certificate_expiry_timestamp_seconds", **REAL)] == 1_700_000_000
    assert key("certificate_expiry_timestamp_seconds", **OTHER) not in samples


def test_a_refused_reload_is_seen_until_one_succeeds():
    scene = Scene()
    scene.now = 2000.0

    refused = scene.samples(ev.ReloadRefused("/etc/l.cf", (the.ERROR,)))
    accepted = scene.samples(ev.Reloaded("/etc/l.cf", ()))

    assert refused[key("config_last_reload_successful")] == 0
    assert refused[key("config_last_reload_success_timestamp_seconds")] == 1000
    assert accepted[key("config_last_reload_successful")] == 1
    assert accepted[key("config_last_reload_success_timestamp_seconds")] == 2000


def test_a_lost_table_is_seen_until_it_is_back():
    scene = Scene()

    assert scene.samples(ev.TableLost("no right"))[key("table_reachable")] == 0
    assert scene.samples(ev.TableBack())[key("table_reachable")] == 1


def test_servers_that_left_are_gone_and_count_from_nothing_when_they_come_back():
    scene = Scene()
    success = key("checks_total", **REAL, result="success")

    assert scene.samples(the.CHECKED)[success] == 1
    scene.snapshot = the.snapshot(the.virtual(the.MARK6))
    assert not [sample for sample in scene.samples() if ("virtual", "tcp:10.0.0.1:80") in sample]
    scene.snapshot = SNAPSHOT
    assert scene.samples()[success] == 0


def test_durations_of_another_checktype_are_counted_from_nothing():
    scene = Scene()
    assert scene.samples(the.CHECKED)[key("check_duration_seconds_count", **WEB, checktype="negotiate")] == 1

    scene.snapshot = the.snapshot(the.virtual(the.WEB, the.status(the.REAL), checktype="connect"))

    assert scene.samples()[key("check_duration_seconds_count", **WEB, checktype="connect")] == 0


def test_two_scrapes_at_once_do_not_disturb_one_another():
    scene = Scene(
        the.snapshot(
            the.virtual(
                the.WEB,
                *(the.status(the.RealKey(the.WEB, the.REAL.real.at_port(port))) for port in range(1, 1000)),
            )
        )
    )
    for real in scene.snapshot.virtuals[0].reals:
        scene.metrics.observe(ev.CheckDone((real.key,), the.CHECKED.outcome, 0.1, 0))
    _, first = scene.metrics.pieces()
    _, second = scene.metrics.pieces()

    bodies = [b"", b""]
    for one, two in zip(first, second, strict=True):
        bodies[0] += one
        bodies[1] += two

    ours = [re.findall(rb"^ldirectord_checks_total.*success.* 1$", body, re.MULTILINE) for body in bodies]
    assert len(ours[0]) == len(ours[1]) == 999


class Fleet:
    """Virtuals with servers, each made when it is asked for."""

    def __init__(self, virtuals: int, reals: int) -> None:
        self.virtuals, self.reals = virtuals, reals
        self.begun = self.made = 0

    def __iter__(self) -> Iterator[VirtualStatus]:
        self.begun += 1
        for number in range(self.virtuals):
            key = MarkKey(number + 1)
            self.made += 1
            reals = (RealKey(key, the.REAL.real.at_port(port)) for port in range(1, self.reals + 1))
            yield the.virtual(key, *map(the.status, reals))


MOST_LINES = 300


@pytest.mark.parametrize(("virtuals", "reals"), [(1000, 1), (3, 400), (1, 1000)])
def test_no_piece_is_much_work_however_the_servers_are_spread(virtuals, reals):
    fleet = Fleet(virtuals, reals)
    scene = Scene(Snapshot(virtuals=fleet, inflight=0, queued=0, first_pass=True))
    for status in fleet:
        for real in status.reals:
            for reason in Reason:
                scene.metrics.observe(ev.CheckDone((real.key,), down(reason, ""), 0.1, 0))
    fleet.begun = fleet.made = 0

    _, pieces = scene.metrics.pieces()
    assert fleet.begun == 0
    made, lines = [], []
    for piece in pieces:
        made.append(fleet.made - sum(made))
        lines.append(piece.count(b"\n"))

    assert fleet.begun == 1
    assert sum(made) == virtuals
    assert max(made) <= TURN
    assert max(lines) <= MOST_LINES
    assert len([count for count in lines if not count]) >= (virtuals + virtuals * reals) // TURN


UNITS = ("_seconds", "_info", "_total", "_bytes")


@pytest.mark.parametrize("detail", MetricsDetail)
@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"], ids=["plain", "openmetrics"])
def test_the_exposition_keeps_to_the_rules_of_its_format(accept, detail):
    scene = Scene()
    scene.metrics.detail = detail
    scene.samples(*EVERYTHING)

    body, content_type = scene.metrics.render(accept)
    parse = parse_openmetrics if accept else parse_plain
    families = list(parse(body.decode()))

    assert content_type.startswith(accept.partition(";")[0] or "text/plain; version=0.0.4")
    assert body.endswith(b"# EOF\n") == bool(accept)
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert family.documentation
        assert family.type != "unknown"
        for sample in family.samples:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", sample.name)
            assert sample.name.endswith("_total") == (family.type == "counter")
            assert "_milli" not in sample.name
            assert "_percent" not in sample.name
    series = [line.rpartition(b" ")[0] for line in body.splitlines() if not line.startswith(b"#")]
    assert len(set(series)) == len(series)
