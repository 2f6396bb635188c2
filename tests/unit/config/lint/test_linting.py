"""What is legal and probably not meant."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from ldirectord_py.config.lint.linting import IDS, lint
from ldirectord_py.config.lint.machine import Machine
from ldirectord_py.config.load import locate
from tests.peers.certificates import Authority

MACHINE = Machine(
    addresses=frozenset({ip_address("10.0.0.1"), ip_address("fd00::1")}),
    schedulers=frozenset({"rr", "wrr", "wlc"}),
    mode=lambda path: None if "nowhere" in path else 0o755 if "/bin" in path or "/folder" in path else 0o600,
    setting=lambda name: 0,
    folder=lambda path: path.endswith("/folder"),
    which={"logger": "/usr/local/bin/logger", "perl": "/usr/local/bin/perl"}.get,
    managed={"/etc/ha.d/haresources": frozenset({ip_address("10.0.0.1")})},
)

FINE = """\
checkinterval=5
negotiatetimeout=4
checktimeout=3
quiescent=yes
virtual=10.0.0.1:80
	real=10.0.0.3:80 gate 2
	real=10.0.0.4:80 gate
	fallback=127.0.0.1:80 gate
	service=http
	receive="alive"
	scheduler=wlc
	httpstatus=200
	httpheader=Authorization: a secret
virtual6=[fd00::1]:53
	real6=[fd00::3]:53 masq
	service=dns
	request="example.com"
	receive="fd00::7"
virtual=5
	real=10.0.0.3:25 masq
	checktype=connect
	cleanstop=yes
"""


def found(text: str, folder: Path, machine: Machine = MACHINE, *ignored: str) -> list[tuple[int, str]]:
    file = folder / "ldirectord.cf"
    file.write_text(text)
    return [(problem.line, problem.id) for problem in lint(locate(file), machine, ignored)]


def test_nothing_is_found_where_all_is_meant(tmp_path: Path) -> None:
    assert found(FINE, tmp_path) == []


CASES = {
    "quiescent-unset": ("quiescent=yes\n", "", 4),
    "any-answer": ('	receive="fd00::7"\n', "", 16),
    "slow-to-notice": ("negotiatetimeout=4", "negotiatetimeout=9", 2),
    "port-not-rewritten": ("10.0.0.4:80 gate", "10.0.0.4:8080 gate", 7),
    "address-nowhere": ("[fd00::1]:53", "[fd00::2]:53", 14),
    "weights-zero": ("10.0.0.3:25 masq", "10.0.0.3:25 masq 0", 19),
    "pattern-differs": ('receive="alive"', 'receive="(?U)alive"', 10),
    "unknown-scheduler": ("scheduler=wlc", "scheduler=mh", 11),
    "no-reals": ("	real=10.0.0.3:25 masq\n", "", 19),
    "nothing-asked": ("virtual=5\n", "virtual=10.0.0.1:8443\n	real=10.0.0.3 gate\nvirtual=5\n", 19),
    "head-without-body": ("	service=http\n", "	service=http\n	httpmethod=HEAD\n", 10),
    "mysql-blocks": ("	checktype=connect\n", "	service=mysql\n	checktype=connect\n", 22),
    "always-down": ("	checktype=connect\n", '	service=mysql\n	login="monitor"\n	checktype=negotiate\n', 21),
    "no-port": ("10.0.0.3:25 masq", "10.0.0.3 masq", 20),
    "fallback-is-real": ("fallback=127.0.0.1:80", "fallback=10.0.0.4:80", 8),
    "thresholds": ("10.0.0.3:80 gate 2", "10.0.0.3:80 gate 2 l:9 u:5", 6),
    "no-stand-in": ("	scheduler=wlc\n", "	scheduler=sh\n", 11),
    "netmask-alone": ("	scheduler=wlc\n", "	scheduler=wlc\n	netmask=255.255.255.0\n", 12),
    "shared-checkport": ("10.0.0.3:25 masq\n", "10.0.0.3:25 masq\n	real=10.0.0.3:26 masq\n	checkport=25\n", 22),
    "duplicate-real": ("10.0.0.4:80 gate", "10.0.0.3:80 gate", 7),
    "surprising-value": ("checkinterval=5", "checkinterval=5 seconds", 1),
    "no-effect": ("	scheduler=wlc\n", '	scheduler=wlc\n	load="5"\n', 12),
    "bare-directive": ("quiescent=yes\n", "quiescent=yes\nsupervised\n", 5),
    "checks-as-root": ("checktype=connect\n", "checktype=external\n\tcheckcommand=/bin/true\n", 22),
    "no-virtuals": (FINE, "quiescent=yes\n", 0),
    "cleanstop-unset": ("\tcleanstop=yes\n", "", 5),
    "cleanstop-mixed": ("cleanstop=yes\n", "cleanstop=no\n", 5),
    "stuck-clients": ("	scheduler=wlc\n", "	scheduler=wlc\n	persistent=60\n", 12),
    "vip-twice": ("quiescent=yes\n", "quiescent=yes\nvips=yes\n", 5),
    "no-such-path": ("quiescent=yes\n", "quiescent=yes\nmaintenancedir=/nowhere/at/all\n", 5),
}


@pytest.mark.parametrize("name", CASES)
def test_each_is_found_at_its_line(name: str, tmp_path: Path) -> None:
    before, after, line = CASES[name]
    assert before in FINE
    text = FINE.replace(before, after)

    assert (line, name) in found(text, tmp_path)
    assert (line, name) not in found(text, tmp_path, MACHINE, name)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("\tfallback=127.0.0.1:9 gate", "127.0.0.1:9: gate"),
        ("\tfallback=127.0.0.1:9", "127.0.0.1:9: gate"),
        ("\tfallback=10.0.0.9:9 ipip", "10.0.0.9:9: ipip"),
        ("\tfallback=127.0.0.1:9 masq", None),
        ("\tfallback=127.0.0.1", None),
    ],
)
def test_a_fallback_whose_port_cannot_be_is_told(line: str, told: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text(FINE.replace("\tfallback=127.0.0.1:80 gate", line))
    expected = f"fallback: {told} cannot rewrite ports, so clients reach the virtual's own port there; "
    found = [(problem.line, problem.text) for problem in lint(locate(file), MACHINE)]
    assert found == ([(8, f"{expected}use masq, or leave the port out")] if told else [])


def test_a_fallback_of_all_virtuals_is_told_once(tmp_path: Path) -> None:
    text = FINE.replace("\tfallback=127.0.0.1:80 gate\n", "")
    more = "virtual=10.0.0.1:81\n\treal=10.0.0.3:81 masq\n\tchecktype=connect\n\tcleanstop=yes\n"
    assert found(f"fallback=127.0.0.1:9\n{text}{more}", tmp_path) == [(1, "port-not-rewritten")]


def test_a_fallback_of_the_other_family_is_not_taken_for_it(tmp_path: Path) -> None:
    text = FINE.replace("\tservice=dns\n", "\tservice=dns\n\tfallback6=[::1]:9\n")
    assert found(f"fallback=127.0.0.1:80 masq\n{text}", tmp_path) == [(18, "port-not-rewritten")]


@pytest.mark.parametrize(
    ("checktype", "command", "told"),
    [
        ("external", "/usr/local/nowhere", [(22, "no-such-program")]),
        ("external", "/usr/local/check", [(22, "no-such-program")]),
        ("external", "/usr/local/folder", [(22, "no-such-program")]),
        ("external", "loger", [(22, "no-such-program")]),
        ("external", "logger", []),
        ("external-perl", "/usr/local/nowhere", [(22, "no-such-program")]),
        ("external-perl", "/usr/local/folder", [(22, "no-such-program")]),
        ("external-perl", "/usr/local/check", []),
        ("connect", "/usr/local/nowhere", [(22, "no-effect")]),
    ],
    ids=["missing", "no right", "folder", "not in PATH", "in PATH", "no script", "perl folder", "a script", "not used"],
)
def test_programs_have_to_be_there(checktype: str, command: str, told: list, tmp_path: Path) -> None:
    text = FINE.replace("checktype=connect", f"checktype={checktype}\n\tcheckcommand={command}")

    assert found(text, tmp_path, MACHINE, "checks-as-root") == told


def test_an_external_check_without_a_program_asks_nothing(tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text(FINE.replace("checktype=connect", "checktype=external"))
    told = [(each.line, each.text) for each in lint(locate(file), MACHINE) if each.id == "nothing-asked"]
    sentence = "no program is named, so /bin/true is run and every server counts as up; set checkcommand"
    assert told == [(21, f"checktype: {sentence}")]
    for command in ("logger", "/bin/true"):
        text = FINE.replace("checktype=connect", f"checktype=external\n\tcheckcommand={command}")
        assert (22, "nothing-asked") not in found(text, tmp_path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("\tfallbackcommand=/usr/local/nowhere down", "fallbackcommand: there is no /usr/local/nowhere"),
        ("\tfallbackcommand=/usr/local/check", "fallbackcommand: /usr/local/check is not executable"),
        ('callback="/usr/local/nowhere"', "callback: there is no /usr/local/nowhere"),
        (
            'callback="/usr/local/nowhere -x"',
            'callback is one path without arguments; "-x" was taken as part of it',
        ),
        ("\tfallbackcommand=logger", None),
        ("\tfallbackcommand=loger fallen", "fallbackcommand: there is no loger in PATH"),
        ("\tfallbackcommand=/usr/local/folder", "fallbackcommand: /usr/local/folder is a directory"),
        ("\tfallbackcommand=test -e /x && /usr/bin/y", None),
        ("\tfallbackcommand=LEVEL=5 loger", None),
    ],
)
def test_hooks_have_to_be_there_before_the_outage(line: str, told: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text(FINE + line + "\n" if line.startswith("\t") else f"{line}\n{FINE}")
    found = [(problem.id, problem.text) for problem in lint(locate(file), MACHINE)]
    assert found == ([("no-such-program", told)] if told else [])


def test_scripts_for_perl_need_one(tmp_path: Path) -> None:
    text = FINE.replace("checktype=connect", "checktype=external-perl\n\tcheckcommand=/usr/local/check")
    machine = replace(MACHINE, which=lambda name: None)
    assert found(text, tmp_path, machine, "checks-as-root") == [(22, "no-such-program")]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("other.cf", None),
        ("nowhere.cf", "there is no configuration nowhere.cf: none of /etc/x/nowhere.cf, /nowhere.cf"),
        ("folder", "folder is a directory, and no configuration"),
        ("$NAME.nowhere", None),
    ],
)
def test_what_execute_names_has_to_be_there(value: str, told: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text(f"{FINE}\nexecute={value}\n")
    machine = replace(MACHINE, config_dirs=("/etc/x",))
    found = [(problem.line, problem.id, problem.text) for problem in lint(locate(file), machine)]
    assert found == ([(24, "no-such-instance", f"execute: {told}")] if told else [])


@pytest.mark.parametrize(
    ("setting", "end"),
    [
        (0, "; set it: sysctl -w net.ipv4.vs.expire_quiescent_template=1"),
        (None, "=1; this machine does not say what it is, and 0 is the kernel's default"),
    ],
    ids=["as the kernel has it", "where there is no IPVS"],
)
def test_clients_stay_stuck_unless_the_kernel_says_otherwise(setting: int | None, end: str, tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text(FINE.replace("\tscheduler=wlc\n", "\tscheduler=wlc\n\tpersistent=60\n"))
    (problem,) = lint(locate(file), replace(MACHINE, setting=lambda _name: setting))
    assert problem.text.endswith(end)
    assert lint(locate(file), replace(MACHINE, setting=lambda _name: 1)) == []


def test_arguments_of_a_command_are_told_as_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text(FINE.replace("checktype=connect", "checktype=external\n\tcheckcommand=/nowhere/check --max-lag 30"))
    (problem,) = lint(locate(file), MACHINE, ["checks-as-root"])
    told = 'checkcommand is one path without arguments; "--max-lag 30" was taken as part of it'
    assert problem.text == told


@pytest.mark.parametrize("pattern", [r"\\b{2}x", r"\\g<x>", "U", "(?i)x", r"\x{7f}", r"\\x{100}"])
def test_patterns_that_perl_reads_alike(pattern: str, tmp_path: Path) -> None:
    assert found(FINE.replace('receive="alive"', f'receive="{pattern}"'), tmp_path) == []


def test_tls_without_a_name_to_compare(tmp_path: Path) -> None:
    text = FINE.replace("service=http\n", "service=https\n\ttlsverify=yes\n")

    assert found(text, tmp_path) == [(10, "no-name-compared")]


def test_each_of_several_checks_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "several.yaml"
    file.write_text(
        "quiescent: yes\n"
        "virtuals:\n"
        "  - virtual: 10.0.0.1:80\n"
        "    reals:\n"
        "      - 10.0.0.3:80 gate\n"
        "    checks:\n"
        "      - service: http\n"
        "        receive: alive\n"
        "      - service: http\n"
        "        # lint: ignore=slow-to-notice\n"
        "        httpmethod: HEAD\n"
        "        receive: alive\n"
    )
    told = lint(locate(file), MACHINE, ["cleanstop-unset"])
    assert [(problem.line, problem.id) for problem in told] == [(3, "slow-to-notice"), (11, "head-without-body")]


def test_every_id_has_its_case() -> None:
    assert (
        set(CASES)
        | {"readable-secret", "writable-by-others", "no-such-program", "no-such-instance", "no-name-compared"}
        == IDS
    )


@pytest.mark.parametrize(
    ("mode", "secret", "told"),
    [
        (0o644, "a secret", [(13, "readable-secret")]),
        (0o640, "a secret", []),
        (None, "a secret", []),
        (0o644, "", []),
    ],
    ids=["for everybody", "for the group", "nobody knows", "no secret"],
)
def test_a_secret_that_everybody_can_read(mode: int | None, secret: str, told: list, tmp_path: Path) -> None:
    header = "\thttpheader=Authorization: "
    text = FINE.replace(f"{header}a secret\n", f"{header}{secret}\n" if secret else "")
    machine = Machine(addresses=MACHINE.addresses, schedulers=MACHINE.schedulers, mode=lambda _: mode)

    assert found(text, tmp_path, machine) == told


def test_secrets_are_looked_for_wherever_they_may_stand(tmp_path: Path) -> None:
    certificate, key = (tmp_path / name for name in ("director.pem", "director.key"))
    issued = Authority().ca.issue_cert("director.example")
    certificate.write_bytes(issued.cert_chain_pems[0].bytes())
    key.write_bytes(issued.private_key_pem.bytes())
    (tmp_path / "imap.secret").write_text("from elsewhere\n")
    (tmp_path / "more.yaml").write_text(
        "virtuals:\n"
        "  - virtual: 10.0.0.1:143\n"
        "    reals: [10.0.0.3:143 gate]\n"
        "    service: imap\n"
        "    login: me\n"
        "    checks:\n"
        "      - {passwd: in a check}\n"
        "      - {passwd: {file: imap.secret}}\n"
    )
    main = tmp_path / "main.cf"
    main.write_text(
        "quiescent=yes\ninclude=more.yaml\nvirtual=10.0.0.1:443\n\treal=10.0.0.3:443 gate\n\tservice=https\n"
        '\thttpheader="X-Probe: no secret"\n\thttpheader="Authorization: Bearer abcdef"\n'
        f"\ttlscertfile={certificate}\n\ttlskeyfile={key}\n"
    )
    open_to_all: set[Path] = set()
    machine = Machine(addresses=MACHINE.addresses, mode=lambda path: 0o644 if Path(path) in open_to_all else 0o640)

    def told() -> list[tuple[str, int, str]]:
        found = lint(locate(main), machine, ["slow-to-notice", "writable-by-others", "cleanstop-unset"])
        return [(Path(each.path).name, each.line, each.id) for each in found]

    assert told() == []
    for path, place in {
        main: ("main.cf", 7),
        tmp_path / "more.yaml": ("more.yaml", 7),
        tmp_path / "imap.secret": ("main.cf", 0),
        key: ("main.cf", 9),
        certificate: None,
    }.items():
        open_to_all.clear()
        open_to_all.add(path)
        assert told() == ([(*place, "readable-secret")] if place else [])


def test_a_machine_that_has_none_of_the_addresses_is_told_once(tmp_path: Path) -> None:
    machine = Machine(addresses=frozenset({ip_address("127.0.0.1")}), mode=MACHINE.mode)

    assert found(FINE, tmp_path, machine) == [(5, "address-nowhere")]


def test_an_address_that_the_director_brings_up_itself_may_be_nowhere(tmp_path: Path) -> None:
    machine = replace(MACHINE, addresses=frozenset(), managed={})
    assert found(f"vips=yes\n{FINE}", tmp_path, machine) == []


def test_of_a_machine_of_which_nothing_is_known_only_linux_itself_counts(tmp_path: Path) -> None:
    unknown = Machine(mode=lambda _: None)

    assert found(FINE.replace("=wlc", "=fo"), tmp_path, unknown) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("	real=10.0.0.4:8080 gate # lint: ignore=port-not-rewritten\n", []),
        ("# lint: ignore=port-not-rewritten\n	real=10.0.0.4:8080 gate\n", []),
        ("# lint: ignore=other, port-not-rewritten\n# and a word on why\n	real=10.0.0.4:8080 gate\n", []),
        ("# lint: ignore=port-not-rewritten\n	fallback=127.0.0.1:80 gate\n	real=10.0.0.4:8080 gate\n", [9]),
        ("	real=10.0.0.4:8080 gate\n# lint: ignore=port-not-rewritten\n", [7]),
        ("	real=10.0.0.4:8080 gate\n#lint:ignore-file=port-not-rewritten\n", []),
        ("	real=10.0.0.4:8080 gate # lint: ignore=thresholds\n", [7]),
    ],
    ids=["on the line", "above it", "among others", "about another line", "below it", "for the file", "another id"],
)
def test_comments_silence_what_they_name(text: str, told: list[int], tmp_path: Path) -> None:
    assert found(FINE.replace("	real=10.0.0.4:80 gate\n", text), tmp_path) == [
        (line, "port-not-rewritten") for line in told
    ]


def test_what_a_global_line_means_for_many_is_told_once(tmp_path: Path) -> None:
    twice = FINE.replace("negotiatetimeout=4", "negotiatetimeout=9") + (
        'virtual=10.0.0.1:81\n	real=10.0.0.3:81 gate\n	service=http\n	receive="alive"\n'
    )
    assert found(twice, tmp_path) == [(2, "slow-to-notice")]


def test_a_machine_is_read_from_its_files(tmp_path: Path) -> None:
    net = tmp_path / "proc/net"
    net.mkdir(parents=True)
    (net / "fib_trie").write_text(
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n"
        "     |-- 10.0.0.1\n        /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n"
    )
    (net / "if_inet6").write_text("fd000000000000000000000000000001 02 40 00 80     eth0\n")

    machine = Machine.this(tmp_path)

    assert machine.addresses == {ip_address("10.0.0.1"), ip_address("fd00::1")}
    assert machine.schedulers is None


def test_this_machine_has_its_own_addresses() -> None:
    addresses = Machine.this().addresses

    assert addresses is not None
    assert ip_address("127.0.0.1") in addresses


@pytest.mark.parametrize(
    ("head", "told"),
    [("checkinterval=2\n", [(1, "slow-to-notice")]), ("\n", [(3, "slow-to-notice")])],
    ids=["where the interval is said", "at the first virtual, where nothing is"],
)
def test_a_timeout_by_default_is_slow_as_well(head: str, told: list[tuple[int, str]], tmp_path: Path) -> None:
    virtuals = "virtual=10.0.0.1:80\n\treal=10.0.0.3:80 gate\nvirtual=10.0.0.1:25\n\treal=10.0.0.3:25 gate\n"
    assert found(f"{head}quiescent=yes\n{virtuals}", tmp_path, MACHINE, "cleanstop-unset") == told


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (
            "#!/bin/sh\r\n",
            "has a first line that ends in CR LF, so that no interpreter is found: save it with LF alone",
        ),
        ("#!/nowhere/python\n", "asks for the interpreter '/nowhere/python', which is not there"),
        ("#! /bin/sh -e\n", ""),
        ("\x7fELF", ""),
    ],
    ids=["line ends of another system", "an interpreter that is not there", "fine", "no script"],
)
def test_a_script_that_no_interpreter_is_found_for_says_why(first: str, why: str, tmp_path: Path) -> None:
    script, file = tmp_path / "check", tmp_path / "ldirectord.cf"
    script.write_text(first)
    script.chmod(0o700)
    file.write_text(FINE.replace("checktype=connect", f"checktype=external\n\tcheckcommand={script}"))
    machine = Machine(addresses=MACHINE.addresses, schedulers=MACHINE.schedulers, group=lambda _: "root")
    told = [
        each.text for each in lint(locate(file), machine, ["readable-secret", "writable-by-others", "checks-as-root"])
    ]
    assert told == ([f"checkcommand: {script} {why}"] if why else [])


@pytest.mark.parametrize(("service", "told"), [("ldap", None), ("radius", None), ("http", 3)])
def test_a_check_is_slow_by_the_timeout_that_limits_it(service: str, told: int | None, tmp_path: Path) -> None:
    section = f"checkinterval=10\nchecktimeout=5\nvirtual=10.0.0.1:80\n\treal=10.0.0.3:80 gate\n\tservice={service}\n"
    more = '\tsecret="x"\n' if service == "radius" else ""
    text = f"{section}{more}".replace("checktimeout=5", "checktimeout=5\nnegotiatetimeout=30")
    assert [line for line, name in found(text, tmp_path) if name == "slow-to-notice"] == ([told] if told else [])


HARESOURCES = """\
# director1.foo.com IPaddr2::10.0.0.9
director1.foo.com IPaddr2::10.0.0.1/24/eth0 IPv6addr::fd00::1 ldirectord::/etc/ha.d/ldirectord.cf
"""
KEEPALIVED = """\
vrrp_instance VI_1 {
  ! 10.0.0.9
  virtual_ipaddress {
    10.0.0.2/32 dev eth0  # 10.0.0.9
  }
}
"""
CIB = '<nvpair name="ip" value="10.0.0.3" id="vip-ip"/><expression attribute="#uname" value="10.0.0.4"/>'


def test_a_machine_knows_the_addresses_that_its_cluster_managers_move(tmp_path: Path) -> None:
    assert Machine.this(tmp_path).managed == {}
    texts = {
        "etc/ha.d/haresources": HARESOURCES,
        "etc/keepalived/keepalived.conf": KEEPALIVED,
        "var/lib/pacemaker/cib/cib.xml": CIB,
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    addresses = (("10.0.0.1", "fd00::1"), ("10.0.0.2",), ("10.0.0.3", "10.0.0.4"))
    assert Machine.this(tmp_path).managed == {
        f"/{name}": frozenset(map(ip_address, each)) for name, each in zip(texts, addresses, strict=True)
    }
