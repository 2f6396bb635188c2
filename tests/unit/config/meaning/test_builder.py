"""What a configuration comes to: every value in force."""

import socket
from dataclasses import replace

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.config.meaning import builder
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.config import Alerting, AlertStatus
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.health import FaultRules
from ldirectord_py.model.service import Forwarding
from ldirectord_py.model.table import ServiceFlags
from tests.unit.config.original import TESTHOST, numeric_address
from tests.unit.config.readings import SECTION, config_of, only_virtual, problems


def test_a_range_counts_addresses_not_digits():
    reals = only_virtual("virtual=192.0.2.1:80\n\treal=5.245.224.254->5.245.225.1:80 gate\n").reals
    assert [str(real.endpoint) for real in reals] == [
        *("5.245.224.254:80", "5.245.224.255:80", "5.245.225.0:80", "5.245.225.1:80")
    ]


def test_a_request_with_a_slash_keeps_its_pattern_and_the_thresholds():
    (real,) = only_virtual('virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate 3 "/a", "b" l:1 u:2\n').reals
    assert (real.request, real.receive) == ("/a", "b")
    assert (real.destination.weight, real.destination.lower, real.destination.upper) == (3, 1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fallback=127.0.0.1:81\nvirtual=5\n\treal=192.0.2.2 gate\n", "127.0.0.1:81"),
        ("fallback=127.0.0.1\nvirtual=5\n\treal=192.0.2.2 gate\n", "127.0.0.1:0"),
        ("fallback=127.0.0.1\nvirtual=192.0.2.1:88\n\treal=192.0.2.2 gate\n", "127.0.0.1:88"),
        ("virtual=192.0.2.1:88\n\treal=192.0.2.2 gate\nfallback=127.0.0.1\n", "127.0.0.1:88"),
        ("fallback=127.0.0.1:1\nvirtual=192.0.2.1:88\n\tfallback=127.0.0.2 masq\n", "127.0.0.2:88"),
        ("fallback6=[::1]:81\nvirtual6=5\n\treal6=[2001:db8::1] gate\n", "[::1]:81"),
    ],
)
def test_a_fallback_comes_from_the_section_or_else_from_the_globals(text, expected):
    fallback = only_virtual(text).fallback
    assert fallback is not None
    assert str(fallback.endpoint) == expected
    assert fallback.destination.weight == 1


def test_a_fallback_is_of_the_virtuals_family():
    assert only_virtual("fallback=127.0.0.1:81\nvirtual6=5\n\treal6=[2001:db8::1] gate\n").fallback is None


@pytest.mark.parametrize(
    ("lines", "login", "passwd"),
    [
        ("service=ftp", "anonymous", "ldirectord@testhost"),
        ('login="a"\n\tservice=ftp', "a", "ldirectord@testhost"),
        ('service=ftp\n\tlogin="a"', "a", "ldirectord@testhost"),
        ("service=sip", "ldirectord@testhost", ""),
        ("service=ftp\n\tservice=http", "anonymous", "ldirectord@testhost"),
        ("checktype=connect", "", ""),
    ],
)
def test_a_service_line_fills_in_login_and_password(lines, login, passwd):
    options = only_virtual(f"virtual=192.0.2.1:21\n\treal=192.0.2.2:21 gate\n\t{lines}\n").check_options
    assert (options.login, options.passwd) == (login, passwd)


@pytest.mark.parametrize(
    ("everywhere", "own", "expected"),
    [
        ("", "", (5, 30)),
        ("checktimeout=7", "", (7, 7)),
        ("negotiatetimeout=8", "", (8, 8)),
        ("checktimeout=7\nnegotiatetimeout=8", "", (7, 8)),
        ("negotiatetimeout=8", "\tchecktimeout=2\n", (2, 2)),
        ("checktimeout=7", "\tnegotiatetimeout=3\n", (3, 3)),
        ("checktimeout=7", "\tnegotiatetimeout=3\n\tchecktimeout=4\n", (4, 3)),
    ],
)
def test_timeouts_fall_back_on_one_another(everywhere, own, expected):
    options = only_virtual(f"{everywhere}\n{SECTION}{own}").check_options
    assert (options.checktimeout, options.negotiatetimeout) == expected


def test_a_sections_interval_counts_without_fork():
    first, second = config_of(
        f"checkinterval=4\n{SECTION}\tcheckinterval=7\n\nvirtual=5\n\treal=192.0.2.2 gate\n"
    ).virtuals
    assert (first.check_options.interval, second.check_options.interval) == (7, 4)
    assert isinstance(first.reals[0].plan, Repeated)
    assert first.reals[0].plan.interval == 7


def test_a_number_as_checktype_is_combined():
    options = only_virtual(f"{SECTION}\tchecktype=3\n").check_options
    assert (options.checktype, options.connects) == (CheckType.COMBINED, 3)


@pytest.mark.parametrize(
    ("text", "flags", "netmask"),
    [
        (SECTION, 0, "255.255.255.255"),
        (f"{SECTION}\tpersistent=0\n", ServiceFlags.PERSISTENT, "255.255.255.255"),
        (f"{SECTION}\tnetmask=255.255.255.0\n\tpersistent=9\n", ServiceFlags.PERSISTENT, "255.255.255.0"),
        (f"{SECTION}\tops=yes\n", 0, "255.255.255.255"),
        (f"{SECTION}\tops=yes\n\tprotocol=udp\n", ServiceFlags.ONE_PACKET, "255.255.255.255"),
        (f"{SECTION}\tschedflags=sh-port\n", ServiceFlags.SCHED2, "255.255.255.255"),
        (f"{SECTION}\tschedflags=mh-fallback,flag-3\n", ServiceFlags.SCHED1 | ServiceFlags.SCHED3, "255.255.255.255"),
        ("virtual6=[2001:db8::1]:80\n\tchecktype=on\n", 0, "128"),
        ("virtual6=5\n\tnetmask=64\n\tpersistent=9\n", ServiceFlags.PERSISTENT, "64"),
        ("virtual6=5\n\tnetmask=64\n", 0, "128"),
    ],
)
def test_settings_follow_from_the_section(text, flags, netmask):
    settings = only_virtual(text).settings
    assert settings.flags == flags
    assert str(settings.netmask) == netmask


def test_a_section_is_told_of_by_the_mails_that_it_asks_for_and_from_whom_all_mails_are():
    text = (
        "emailalert=a@example.com\nemailalertfreq=60\nsmtp=mx\n"
        "virtual=192.0.2.1:80\n\temailalert=b@example.com, c@example.com\n\temailalertstatus=running,stopping\n"
        "emailalertfrom=Lvs <lvs@example.com>\n"
    )
    assert only_virtual(text).alerting == Alerting(
        recipients="b@example.com, c@example.com",
        frequency=60,
        status=AlertStatus.RUNNING | AlertStatus.STOPPING,
        smtp="mx",
        sender="Lvs <lvs@example.com>",
    )


def test_an_ipv6_netmask_is_a_prefix_length():
    assert problems("virtual6=5\n\tnetmask=255.0.0.0\n") == [
        "ldirectord.cf:2: netmask: invalid netmask: a prefix length between 1 and 128 is required, but got '255.0.0.0'"
    ]


def test_the_protocol_of_a_mark_is_fwm():
    assert problems("virtual=5\n\tprotocol=tcp\n") == [
        "ldirectord.cf:2: protocol: a virtual that is a firewall mark has fwm, and no other protocol; remove the line"
    ]


def test_an_ipv6_range_is_refused():
    assert problems("virtual6=5\n\treal6=[2001:db8::1]->[2001:db8::2]:80 gate\n") == [
        "ldirectord.cf:2: real6: a range has IPv4 addresses only; write each IPv6 server on a line of its own"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9100", "127.0.0.1:9100"), ("0.0.0.0:9100", "0.0.0.0:9100"), ("[::1]:9100", "[::1]:9100")],
)
def test_metrics_are_served_where_the_configuration_says(text, expected):
    assert str(config_of(f"metricslisten={text}\n").metricslisten) == expected


def test_without_the_directive_no_metrics_are_served_and_the_table_is_compared_every_five_seconds():
    config = config_of("")
    assert config.metricslisten is None
    assert config.reconcileinterval == 5


def test_faults_are_told_again_and_taken_for_down_where_the_configuration_says_so():
    assert config_of("").faults == FaultRules(0.0, down=False)
    assert config_of("faultlimit=60\nfaultdown=yes\n").faults == FaultRules(60.0, down=True)


@pytest.mark.parametrize("limit", ["", "faultlimit=0\n"])
def test_faultdown_without_a_limit_has_no_meaning(limit):
    warnings = parse(f"faultdown=yes\n{limit}{SECTION}\n".encode(), "x.cf", TESTHOST).warnings
    sentence = "faultdown: this has no meaning without faultlimit, such as 60"
    assert [str(each) for each in warnings] == [f"x.cf:1: warning: {sentence}"]


def test_the_comparison_of_the_table_can_be_switched_off():
    assert config_of("reconcileinterval=0\n").reconcileinterval == 0


def test_each_name_is_looked_up_once():
    asked: list[str] = []

    def counting(host, family):
        asked.append(host)
        return numeric_address(host, family)

    text = "virtual=localhost:80\n\treal=localhost:80 gate\n\treal=localhost:81 masq\n\tfallback=localhost:82\n"
    parse(text.encode(), "x.cf", replace(TESTHOST, host_address=counting))
    assert asked == ["localhost"]


def test_bytes_that_are_no_utf8_are_kept():
    comment = only_virtual(f"{SECTION}\tcomment=\udcff\n").comment
    assert comment is not None
    assert comment.encode("utf-8", "surrogateescape") == b"\xff"


def test_paths_are_checked_only_when_asked_and_nothing_is_created(tmp_path):
    log = tmp_path / "ldirectord.log"
    good = f'logfile="{log}"\nmaintenancedir={tmp_path}\n{SECTION}\tmonitorfile={tmp_path}/monitor\n'
    good = f"{good}\ttrackfile={tmp_path}/served\n"
    good = f"record={tmp_path}/web.jsonl\nhistoryfile={tmp_path}/history.jsonl\n{good}"
    bad = f'logfile="{tmp_path}/none/x"\nmaintenancedir={tmp_path}/none\n{SECTION}\tmonitorfile={tmp_path}\n'
    bad = f"{bad}\ttrackfile={tmp_path}\n"
    bad = f"trackfile={tmp_path}/none/t\nrecord={tmp_path}\nhistoryfile={tmp_path}\n{bad}"
    strict = replace(TESTHOST, check_paths=True)
    assert parse(bad.encode(), "x.cf", TESTHOST).warnings == ()
    assert parse(good.encode(), "x.cf", strict).warnings == ()
    assert list(tmp_path.iterdir()) == []
    unrecorded = "it is a directory; until it can be, nothing is recorded"
    forgetful = "it is a directory; until it can be, a restart forgets events"
    unheard = "until it can be, nobody learns from it"
    missing = f"{tmp_path}/none/x: its directory does not exist; until it can be, lines are lost"
    assert [str(warning) for warning in parse(bad.encode(), "x.cf", strict).warnings] == [
        f"x.cf:1: warning: trackfile: unable to write {tmp_path}/none/t: its directory does not exist; {unheard}",
        f"x.cf:2: warning: record: unable to record in {tmp_path}: {unrecorded}",
        f"x.cf:3: warning: historyfile: unable to write {tmp_path}: {forgetful}",
        f"x.cf:4: warning: logfile: unable to open logfile: {missing}",
        "x.cf:5: warning: maintenancedir: maintenance directory does not exist",
        f"x.cf:8: warning: monitorfile: unable to open monitorfile {tmp_path}: it is a directory",
        f"x.cf:9: warning: trackfile: unable to write {tmp_path}: it is a directory; {unheard}",
    ]


@pytest.mark.parametrize("there", [True, False])
def test_a_journal_that_is_not_there_is_told_of(there, tmp_path, monkeypatch):
    place = tmp_path / "socket"
    monkeypatch.setattr(builder, "JOURNAL_SOCKET", str(place))
    with socket.socket(socket.AF_UNIX) as journal:
        if there:
            journal.bind(str(place))
        warnings = parse(b'logfile="journal"\n', "x.cf", replace(TESTHOST, check_paths=True)).warnings
    told = f"logfile: there is no journal here, since {place} is no socket; until it is, lines are lost"
    assert [str(warning) for warning in warnings] == ([] if there else [f"x.cf:1: warning: {told}"])


def test_a_log_file_is_of_no_account_once_supervised_is_read(tmp_path):
    strict = replace(TESTHOST, check_paths=True)
    assert parse(f'supervised=yes\nlogfile="{tmp_path}"\n'.encode(), "x.cf", strict).warnings == ()


def test_reals_carry_everything_of_their_line():
    (real,) = only_virtual("virtual=192.0.2.1:80\n\treal=192.0.2.2:8080 masq 7 l:1 u:9\n").reals
    assert real.endpoint == Endpoint(real.endpoint.address, 8080)
    assert real.destination.forwarding is Forwarding.MASQ
    assert (real.destination.weight, real.line) == (7, 2)


def test_what_else_is_wrong_is_told_even_where_no_line_names_a_server():
    with pytest.raises(ConfigRejected) as caught:
        parse(b'virtual=192.0.2.1:80\n\treal=nosuch.invalid:80 gate\n\treceive="[z"\n', "x.cf", TESTHOST)
    assert [problem.line for problem in caught.value.problems] == [2, 3]


def test_only_fork_yes_is_told_to_have_no_meaning():
    sentence = "fork: this has no meaning here: every check runs at its own pace anyway"
    text = f"fork=no\n{SECTION}\n"
    assert parse(text.encode(), "x.cf", TESTHOST).warnings == ()
    warnings = parse(text.replace("=no", "=yes").encode(), "x.cf", TESTHOST).warnings
    assert [str(each) for each in warnings] == [f"x.cf:1: warning: {sentence}"]
