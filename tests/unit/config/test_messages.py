"""What operators are told, word for word."""

import pytest

from ldirectord_py.checks.registry import SERVICES
from ldirectord_py.config.grammar.directive import Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.value_types import SCHEDULERS
from ldirectord_py.config.meaning import servers
from ldirectord_py.model.errors import ConfigRejected
from tests.unit.config.readings import SECTION, config_of, problems, warnings

WHOLE = "expected a whole number above 0, such as 5"
QUOTES = "expected a value in double quotes"
INNER = "expected some text between the quotes"
ROLE = "role: expected active, standby, the whole path of a file, fifo:PATH, vip or vip:ADDRESS"
SYNC = "syncdaemon: expected INTERFACE [id=N] [peer=N] [group=ADDRESS] [port=N] [ttl=N] [maxlen=N]"
RECORD = "record: expected a path from / on, such as /var/log/ldirectord/web.jsonl"
VALUE = "expected a value behind '='"
REAL_SHAPE = "expected ADDRESS[:PORT] gate|masq|ipip, such as 10.0.0.5:80 gate"
GLOBAL_HERE = "it is a global directive; put it outside of the virtuals, in the first column"
SECTION_HERE = "it belongs to a virtual; indent it below its virtual line by a TAB or four blanks"
SOURCE = "expected an address of this machine, such as 192.0.2.1 or 2001:db8::1"
VIPS = "expected yes, no, or an interface's name of at most 15 characters, such as eth0"
DEVICE = "expected an interface's name of at most 15 characters, such as eth0, or none"
WHOLE_PATH = "expected the whole path of a file, such as /etc/ssl/ca.pem"


def refusal_of(name: str) -> str:
    return {**rows(Scope.GLOBAL), **rows(Scope.SECTION)}[name].refusal


BAD_IN_SECTION = [
    ("cleartextpassword=x", "cleartextpassword: must be yes or no, but got 'x'"),
    ("checks=2", "checks: several checks can be written in YAML only: see ldirectorctl convert"),
    (
        "checktype=none",
        'unknown checktype "none": expected negotiate, connect, ping, external, external-perl, on, off, a number',
    ),
    (
        "checktype=combined",
        'unknown checktype "combined": expected negotiate, connect, ping, external, external-perl, on, off, a number',
    ),
    (
        "service=telnet",
        f'unknown service "telnet": expected {", ".join(SERVICES)}',
    ),
    ('checkcommand=""', f"checkcommand: invalid check command: {INNER}, but got '\"\"'"),
    ("checkcommand=", f"checkcommand: invalid check command: {VALUE}, but got ''"),
    ("checkport=http", 'checkport: "http" is no port (1 to 65535)'),
    (
        "checkport=65536",
        "checkport: 65536 is no port (1 to 65535)",
    ),
    ("request=index.html", f"request: no request string specified: {QUOTES}, but got 'index.html'"),
    ('request=""', f"request: no request string specified: {INNER}, but got '\"\"'"),
    ('receive=""', f"receive: invalid receive string: {INNER}, but got '\"\"'"),
    ('receive="(a"', "receive: '(a' is no regular expression: missing closing parenthesis at byte 2"),
    ("httpmethod=POST", "httpmethod: must be GET or HEAD, but got 'POST'"),
    (
        "httpstatus=ok",
        "httpstatus: expected codes and ranges with commas between them, such as 200-299,401, at 'ok', but got 'ok'",
    ),
    ("httpheader=me", "httpheader: expected NAME: VALUE, such as X-Probe: ldirectord, but there is no colon"),
    ("login=me", f"login: invalid login string: {QUOTES}"),
    ('passwd="a', f"passwd: invalid password: {QUOTES}"),
    ('database=""', f"database: invalid database: {INNER}, but got '\"\"'"),
    ("secret=s3cret", f"secret: invalid secret: {QUOTES}"),
    ('load="!"', f"load: invalid string for load testing: {INNER}, but got '\"!\"'"),
    ("checktimeout=0", f"checktimeout: invalid check timeout value: {WHOLE}, but got '0'"),
    ("negotiatetimeout=soon", f"negotiatetimeout: invalid negotiate timeout value: {WHOLE}, but got 'soon'"),
    ("checkinterval=", f"checkinterval: invalid check interval value: {WHOLE}, but got ''"),
    ("checkcount=0", f"checkcount: invalid check count value: {WHOLE}, but got '0'"),
    ("failurecount=-0", f"failurecount: invalid failure count value: {WHOLE}, but got '-0'"),
    (
        "failurecount=2147483648",
        "failurecount: invalid failure count value: expected a number up to 2147483647, but got '2147483648'",
    ),
    (
        "real=192.0.2.2:80",
        "real 192.0.2.2:80: add gate, masq or ipip",
    ),
    ("real=192.0.2.2:80 nat", 'real 192.0.2.2:80: unknown forwarding method "nat": did you mean masq?'),
    ("real=192.0.2.2:80 gate -1", 'real 192.0.2.2:80: weight must be 0 or more, got "-1"'),
    (
        "real=192.0.2.2:80 gate 2147483648",
        "real: expected a weight up to 2147483647, but got '192.0.2.2:80 gate 2147483648'",
    ),
    ("real=192.0.2.400:80 gate", "real: 192.0.2.400 is no IPv4 address"),
    ("real=192.0.2.2:none gate", 'real: "none" is no port (a name of /etc/services, or 1 to 65535)'),
    (
        "real=192.0.2.2->192.0.2.400:80 gate",
        "real: 192.0.2.400 is no IPv4 address",
    ),
    (
        "real=192.0.2.3->192.0.2.2:80 gate",
        "real: range 192.0.2.3->192.0.2.2 runs backwards; put the lower address first",
    ),
    ("real=10.0.0.0->10.1.0.0:80 gate", "real: range 10.0.0.0->10.1.0.0 is longer than 65536 addresses"),
    (
        "real=192.0.2.0/24:80 gate",
        "real 192.0.2.0/24:80: a network is no server; write each, or a range such as 10.0.0.1->10.0.0.9",
    ),
    (
        "real=192.0.2.2::5060 gate",
        ("real 192.0.2.2::5060: a single colon stands in front of the port"),
    ),
    (
        "real=2001:db8::2 gate",
        ("real 2001:db8::2: an IPv6 address stands in brackets, as in [2001:db8::2]:80"),
    ),
    (
        "real=2001:db8::2:8080 gate",
        ("real 2001:db8::2:8080: an IPv6 address stands in brackets, as in [2001:db8::2]:8080"),
    ),
    (
        "real=my_host:80 gate",
        "real my_host:80: 'my_' cannot be part of an address or of a name",
    ),
    ("real6=[2001:db8::2]:80 gate", "real6: this is an IPv4 virtual; write real"),
    ("fallback=192.0.2.9 nat", 'fallback: unknown forwarding method "nat": did you mean masq?'),
    (
        "fallback=192.0.2.9:none",
        'fallback: "none" is no port (a name of /etc/services, or 1 to 65535)',
    ),
    (
        "fallback=192.0.2.900",
        "fallback: 192.0.2.900 is no IPv4 address",
    ),
    ("fallback6=[::1]:80", "fallback6: this is an IPv4 virtual; write fallback"),
    (
        "scheduler=WRR",
        'unknown scheduler "WRR": did you mean wrr?',
    ),
    ("scheduler=wcl", 'scheduler: unknown scheduler "wcl": did you mean wlc?'),
    (
        "scheduler=roundrobin",
        f'scheduler: unknown scheduler "roundrobin": use one of {", ".join(SCHEDULERS)}',
    ),
    ("schedflags=sh-prt,sh-port", 'schedflags: unknown flag "sh-prt": did you mean sh-port?'),
    (
        "schedflags=",
        "schedflags: invalid sched-flags: expected names such as sh-port, with commas between them, but got ''",
    ),
    (
        "persistent=x",
        "persistent: invalid persistent timeout: expected a whole number, such as 5, but got 'x'",
    ),
    ("netmask=24", "netmask: invalid netmask: dotted quad notation is required, but got '24'"),
    (
        "netmask=255.255.256.0",
        "netmask: expected four numbers up to 255, such as 255.255.255.0, but got '255.255.256.0'",
    ),
    (
        "protocol=sctp",
        'unknown protocol "sctp": expected tcp, udp',
    ),
    ("protocol=", "protocol: invalid protocol, but got ''"),
    ("ops=1", "ops: must be yes or no, but got '1'"),
    ("quiescent=YES", "quiescent: must be yes or no, but got 'YES'"),
    (
        "quiescent=yes\r",
        (
            "quiescent: must be yes or no, but got 'yes\\r'; "
            "the line ends in CR LF, as in Windows: save the file with LF alone"
        ),
    ),
    ("cleanstop=", "cleanstop: must be yes or no, but got ''"),
    ("handset=respekt", 'unknown handset "respekt": did you mean respect?'),
    ("vips=true", f"vips: {VIPS}, but got 'true'"),
    ("vips=eth0:1", f"vips: {VIPS}, but got 'eth0:1'"),
    ('fallbackcommand=""', f"fallbackcommand: invalid fallback command: {INNER}, but got '\"\"'"),
    (
        "emailalert=",
        "emailalert: no email address specified: expected addresses, such as admin@example.com, but got ''",
    ),
    (
        "emailalertfreq=-5",
        "emailalertfreq: invalid email alert frequency: expected seconds, such as 3600, or 0 for never, but got '-5'",
    ),
    (
        "emailalertstatus=none,all",
        'emailalertstatus: invalid email alert status: "all" specified with "none"',
    ),
    (
        "emailalertstatus=sometimes",
        (
            'emailalertstatus: invalid email alert status at: "sometimes": expected none, all, starting, running, '
            "stopping, reloading, with commas between them"
        ),
    ),
    (
        'smtp="a"',
        "smtp: invalid SMTP server address: expected a host name or an IPv4 address, without quotes, but got '\"a\"'",
    ),
    ("trackfile=web", f"{RECORD}, but got 'web'".replace("record", "trackfile", 1)),
    ('monitorfile=""', f"monitorfile: unable to open monitorfile: {INNER}, but got '\"\"'"),
    ("checksource=here", f"checksource: {SOURCE}, or none, but got 'here'"),
    ("checksource=0.0.0.0", f"checksource: {SOURCE.replace('an', 'one', 1)}, or none, but got '0.0.0.0'"),
    ("checksource=fe80::1%eth0", f"checksource: {SOURCE.replace('an', 'one', 1)}, or none, but got 'fe80::1%eth0'"),
    ("checksource=2001:db8::1", "checksource: expected an IPv4 address, as its real servers have, but got 2001:db8::1"),
    ("checkuser=a b", "checkuser: expected the name of a user, such as nobody, or none, but got 'a b'"),
    ("checkuser=", "checkuser: expected the name of a user, such as nobody, or none, but got ''"),
    ("checkdevice=eth0/1", f"checkdevice: {DEVICE}, but got 'eth0/1'"),
    ("checkdevice=..", f"checkdevice: {DEVICE}, but got '..'"),
    ("checkdevice=sixteen-letters-", f"checkdevice: {DEVICE}, but got 'sixteen-letters-'"),
    ("tlsverify=true", "tlsverify: must be yes or no, but got 'true'"),
    ("tlscafile=ca.pem", f"tlscafile: {WHOLE_PATH}, but got 'ca.pem'"),
    ("tlscafile=/nowhere/ca.pem", "tlscafile: /nowhere/ca.pem cannot be read: No such file or directory"),
    ("tlscafile=/dev/null", "tlscafile: /dev/null is not a regular file"),
    ("tlscertfile=/", "tlscertfile: / is a directory, not a file"),
    ("tlscertfile=", f"tlscertfile: {VALUE}, but got ''"),
    ("tlskeyfile=key.pem", f"tlskeyfile: {WHOLE_PATH}, but got 'key.pem'"),
    (
        "tlsservername=https://www.example.org/",
        (
            "tlsservername: expected the server's name, such as www.example.org, or its address, "
            "but got 'https://www.example.org/'"
        ),
    ),
    (
        "tlsciphers=NONSENSE",
        "tlsciphers: this system's OpenSSL knows none of these ciphers: openssl ciphers -v lists them",
    ),
    ("tlsminimum=1.4", "tlsminimum: expected a version of TLS: 1.0, 1.1, 1.2, 1.3, but got '1.4'"),
    ("connecttimeout=3", "connecttimeout is gone: write negotiatetimeout"),
    ("autoreload=yes", f'unknown directive "autoreload": {GLOBAL_HERE}'),
    ("quiescant=yes", 'unknown directive "quiescant": did you mean quiescent?'),
    ("quiescent", 'unknown directive "quiescent": expected quiescent=VALUE'),
    ("quiescent yes", "unknown directive 'quiescent yes': expected quiescent=VALUE"),
    (
        "virtual=192.0.2.9:80",
        "indented, so it is read as a directive of virtual=192.0.2.1:80; start the line at the margin",
    ),
    ("virtual 192.0.2.9:80", "unknown directive 'virtual 192.0.2.9:80': a virtual begins in the first column"),
    ("!", "unknown directive '!': no directive has this name"),
    ("    ", "a line of blanks only, five columns or more, is no directive; empty it or remove it"),
]
BAD_GLOBALLY = [
    ("include=", "include: expected a value behind '=', but got ''"),
    (
        "autoreload=yes # now",
        "autoreload: must be yes or no, but got 'yes # now'; a comment needs a line of its own",
    ),
    ("callback=/bin/true", f"callback: {QUOTES}, but got '/bin/true'"),
    ("logfile=local0", f"logfile: {QUOTES}, but got 'local0'"),
    ("emailalertfrom=", f"emailalertfrom: no email from address specified: {VALUE}, but got ''"),
    ("fork=1", "fork: must be yes or no, but got '1'"),
    ("supervised=1", "supervised: must be yes or no, but got '1'"),
    ("supervised now", "unknown directive 'supervised now': expected supervised=VALUE"),
    ("readdquiescent=on", "readdquiescent: must be yes or no, but got 'on'"),
    ("maintenancedir=", f"maintenancedir: maintenance directory not specified: {VALUE}, but got ''"),
    ("fallbackcommand=", f"fallbackcommand: invalid fallback command: {VALUE}, but got ''"),
    (
        "fallback=127.0.0.1:http",
        'fallback: "http" is no port (a name of /etc/services, or 1 to 65535)',
    ),
    ("fallback6=::1", "fallback6: an IPv6 address stands in brackets, as in [2001:db8::1]:80"),
    ("timeout=3", "timeout is gone: write checktimeout or negotiatetimeout"),
    (
        "metricslisten=localhost:9100",
        "metricslisten: expected [ADDRESS:]PORT, such as 9893, 127.0.0.1:9893 or [::1]:9893, but got 'localhost:9100'",
    ),
    (
        "metricslisten=1.2.3.400:9100",
        (
            "metricslisten: expected an IPv4 address, or an IPv6 address in brackets, in front of the port, "
            "but got '1.2.3.400:9100'"
        ),
    ),
    (
        "statuslisten=localhost:9100",
        "statuslisten: expected [ADDRESS:]PORT, such as 9893, 127.0.0.1:9893 or [::1]:9893, but got 'localhost:9100'",
    ),
    (
        "apitokens=tokens",
        "apitokens: expected a path from / on, such as /var/log/ldirectord/web.jsonl, but got 'tokens'",
    ),
    ("apigroup=a b", "apigroup: expected the name of a group, such as adm, or none, but got 'a b'"),
    ("apireadgroup=", "apireadgroup: expected the name of a group, such as adm, or none, but got ''"),
    (
        "apihosts=lb1.example.com; lb2",
        (
            "apihosts: expected host names, such as lb1.example.com, with commas between them, "
            "but got 'lb1.example.com; lb2'"
        ),
    ),
    ("apicertificate=lb1.pem", f"apicertificate: {WHOLE_PATH}, but got 'lb1.pem'"),
    ("apikey=lb1.key", f"apikey: {WHOLE_PATH}, but got 'lb1.key'"),
    ("apiclientca=", f"apiclientca: {VALUE}, but got ''"),
    (
        "apiclients=ops,,eye",
        (
            "apiclients: expected names as certificates have them, such as ops, with commas between them, or *, "
            "but got 'ops,,eye'"
        ),
    ),
    ("role=master", f"{ROLE}, but got 'master'"),
    ("role=run/role", f"{ROLE}, but got 'run/role'"),
    ("role=fifo:pipe", f"{ROLE}, but got 'fifo:pipe'"),
    (
        "role=vip:eth0",
        "role: expected vip:ADDRESS with an address of a director, such as vip:192.0.2.1, but got 'vip:eth0'",
    ),
    (
        "role=vip:127.0.0.1",
        "role: expected vip:ADDRESS with an address that one director at a time may have, but got 'vip:127.0.0.1'",
    ),
    ("syncdaemon=eth0 id=256", "syncdaemon: expected id=0 to 255, but got 'eth0 id=256'"),
    ("syncdaemon=eth0 7", f"{SYNC}, but got 'eth0 7'"),
    ("syncdaemon=eth0 id=1 id=2", f"{SYNC}, but got 'eth0 id=1 id=2'"),
    ("syncdaemon=eth0 ttl=0", "syncdaemon: expected ttl=1 to 255, but got 'eth0 ttl=0'"),
    (
        "syncdaemon=eth0 peer=0",
        (
            "syncdaemon: expected two numbers: id is that of this director, peer that of the other one, "
            "but got 'eth0 peer=0'"
        ),
    ),
    (
        "syncdaemon=eth0 group=10.0.0.1",
        (
            "syncdaemon: expected the address of a multicast group, such as group=224.0.0.81, "
            "but got 'eth0 group=10.0.0.1'"
        ),
    ),
    ("standbyinterval=0", "standbyinterval: expected a whole number above 0, such as 5, but got '0'"),
    ("metricsdetail=fully", 'unknown metricsdetail "fully": did you mean full?'),
    ("sysctls=1", "sysctls: must be yes or no, but got '1'"),
    ("faultlimit=a", "faultlimit: expected seconds, such as 5 or 2.5, or 0 for never, but got 'a'"),
    ("faultdown=maybe", "faultdown: must be yes or no, but got 'maybe'"),
    ("record=night.jsonl", f"{RECORD}, but got 'night.jsonl'"),
    ("historyfile=history.jsonl", f"{RECORD}, but got 'history.jsonl'".replace("record", "historyfile", 1)),
    ("historysize=0", "historysize: expected a whole number above 0, such as 5, but got '0'"),
    ("record=", f"record: {VALUE}, but got ''"),
    ("reloadlimit=101", "reloadlimit: expected a percentage, such as 50, but got '101'"),
    (
        "reconcileinterval=nan",
        "reconcileinterval: expected seconds, such as 5 or 2.5, or 0 for never, but got 'nan'",
    ),
    ("service=http", f'unknown directive "service": {SECTION_HERE}'),
    ("Checktimeout=3", 'unknown directive "Checktimeout": did you mean checktimeout?'),
    ("bogus", 'unknown directive "bogus": no directive has this name'),
    (
        "\tchecktimeout=3",
        (
            "unknown directive 'checktimeout=3': it is indented, but no virtual stands above it; "
            "global directives begin in the first column"
        ),
    ),
    ("\ufeffchecktimeout=3", "the file begins with a byte order mark; save it as UTF-8 without one"),
    (
        "virtual=192.0.2.1",
        (
            "virtual: invalid address for virtual server: no port: expected ADDRESS:PORT or a firewall mark, "
            "such as 192.0.2.1:80 or 5, but got '192.0.2.1'"
        ),
    ),
    (
        "virtual=*:80",
        (
            "virtual: invalid address for virtual server: expected ADDRESS:PORT or a firewall mark, "
            "such as 192.0.2.1:80 or 5, but got '*:80'"
        ),
    ),
    ("virtual=0", "virtual: expected a firewall mark from 1 to 4294967295, but got '0'"),
    ("virtual=[::1]:80", 'virtual: cannot specify an IPv6 address here. please use "virtual6" instead.'),
    ("virtual=192.0.2.1:99999", "virtual: 99999 is no port (1 to 65535)"),
    ("virtual6=[:::1]:80", "virtual6: [:::1] is no IPv6 address"),
]


@pytest.mark.parametrize(("line", "message"), BAD_IN_SECTION, ids=[line for line, _ in BAD_IN_SECTION])
def test_a_bad_line_in_a_section_is_refused_in_these_words(line, message):
    assert problems(f"{SECTION}\t{line}\n") == [f"ldirectord.cf:3: {message}"]


@pytest.mark.parametrize(("line", "message"), BAD_GLOBALLY, ids=[line for line, _ in BAD_GLOBALLY])
def test_a_bad_global_line_is_refused_in_these_words(line, message):
    assert problems(f"checkinterval=5\n{line}\n\n") == [f"ldirectord.cf:2: {message}"]


def test_every_directive_that_can_be_refused_is_in_the_tables():
    anything_goes = {"virtualhost", "servicename", "comment", "execute"}
    in_section = {line.partition("=")[0] for line, _ in BAD_IN_SECTION}
    globally = {line.partition("=")[0] for line, _ in BAD_GLOBALLY}
    assert set(rows(Scope.SECTION)) - in_section == anything_goes - {"execute"}
    assert set(rows(Scope.GLOBAL)) - in_section - globally == {"execute"}


def test_all_problems_are_told_at_once_and_by_line():
    text = f"fork=1\n{SECTION}\tservice=telnet\n\tquiescent=1\nvirtual=192.0.2.1:80\n\treal=x\nbogus=1\n"
    assert [line.split(": ")[0] for line in problems(text)] == [f"ldirectord.cf:{n}" for n in (1, 4, 5, 7, 8, 8)]


@pytest.mark.parametrize("before", ["", "checkinterval=5\n", f"{SECTION}\n"], ids=["first", "global", "after a blank"])
@pytest.mark.parametrize("indent", ["\t", " ", "    "])
def test_an_indented_virtual_is_told_once_and_as_what_it_is(before, indent):
    number = before.count("\n") + 1
    assert problems(f"{before}{indent}virtual=192.0.2.2:80\n\treal=192.0.2.3:80 gate\n") == [
        f"ldirectord.cf:{number}: indented, so no virtual begins here; start the line at the margin"
    ]


def test_a_blank_line_within_a_section_is_told_once_and_names_the_section():
    assert problems(f'{SECTION}\n\tchecktype=on\n\tservice=http\n\n\trequest="x"\n') == [
        (
            "ldirectord.cf:4: unknown directive 'checktype=on': a blank line at line 3 ended the section of "
            "virtual=192.0.2.1:80; remove it, or put a # at its beginning"
        )
    ]


@pytest.mark.parametrize("lines", ["service=http", "checkinterval=5", "service=http\nchecktype=on", "ops=x\n"])
def test_an_unindented_line_within_a_section_is_told_once_and_where_it_stands(lines):
    assert problems(f'{SECTION}{lines}\n\trequest="x"\n\treceive="y"\n') == [
        "ldirectord.cf:3: not indented, so it ended the section; indent it and what follows"
    ]


def test_the_cause_is_told_once_whatever_stands_between_the_lines():
    assert len(problems(f"{SECTION}\n\tchecktype=on\ncheckinterval=5\n\tservice=http\n")) == 1


BAD_REALS = [
    ("192.0.2.2:80 gate two", '192.0.2.2:80: weight must be a number, got "two"'),
    ("192.0.2.2:80 gate 1.5", '192.0.2.2:80: weight must be a number, got "1.5"'),
    ("192.0.2.2:80 5", "192.0.2.2:80: add gate, masq or ipip in front of '5'"),
    ("192.0.2.2:80 DR 5", '192.0.2.2:80: unknown forwarding method "DR": did you mean gate?'),
    ("192.0.2.2:80 masqq", '192.0.2.2:80: unknown forwarding method "masqq": did you mean masq?'),
    ("192.0.2.2:80 x", '192.0.2.2:80: unknown forwarding method "x": expected gate, masq, ipip'),
    ("web", "web: add gate, masq or ipip"),
    ("192.0.2.9->192.0.2.4 gate", ": range 192.0.2.9->192.0.2.4 runs backwards; put the lower address first"),
    ("192.0.2.2:70000 gate", ": 70000 is no port (1 to 65535)"),
    ("2001:db8::2", "2001:db8::2: an IPv6 address stands in brackets, as in [2001:db8::2]:80"),
    ("[2001:db8::2] gate", ": [2001:db8::2] is an IPv6 address, which belongs to a virtual6"),
    (
        '192.0.2.2:80 gate 1 "a"',
        '192.0.2.2:80: request and receive stand in quotes, both of them: "REQUEST", "RECEIVE", got "a"',
    ),
    (
        "192.0.2.2:80 gate 1 l:x",
        '192.0.2.2:80: "l:x" is not understood; expected [WEIGHT] ["REQUEST", "RECEIVE"] [l:N] [u:N]',
    ),
    ("192.0.2.2:80 gate l:x", '192.0.2.2:80: l: must be followed by a number, got "l:x"'),
]


@pytest.mark.parametrize(("line", "message"), BAD_REALS, ids=[line for line, _ in BAD_REALS])
def test_a_real_server_is_refused_by_its_name_and_with_what_to_write(line, message):
    space = "" if message.startswith(":") else " "
    assert problems(f"{SECTION}\treal={line}\n") == [f"ldirectord.cf:3: real{space}{message}"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("service=htttp", 'unknown service "htttp": did you mean http?'),
        ("checktype=negotaite", 'unknown checktype "negotaite": did you mean negotiate?'),
        ("scheduler=WLC", 'unknown scheduler "WLC": did you mean wlc?'),
        ("protocol=tpc", 'unknown protocol "tpc": did you mean tcp?'),
        ("timeout=3", "timeout is gone: write checktimeout or negotiatetimeout"),
        ("checkport=80443", "checkport: 80443 is no port (1 to 65535)"),
    ],
)
def test_a_word_that_nobody_knows_is_told_with_the_nearest(line, message):
    assert problems(f"{SECTION}\t{line}\n") == [f"ldirectord.cf:3: {message}"]


def test_too_little_indentation_is_told():
    assert problems(f"{SECTION}  checktype=on\n") == [
        (
            "ldirectord.cf:3: unknown directive 'checktype=on': the directives of virtual=192.0.2.1:80 need a TAB or "
            "at least four blanks in front"
        )
    ]


def test_a_duplicate_virtual_names_both_places():
    assert problems(f"{SECTION}{SECTION}\n") == [
        (
            "ldirectord.cf:5: duplicate virtual server: tcp:192.0.2.1:80, opened at line 3, "
            "is there already, from line 1 on"
        )
    ]


def test_a_bare_virtual_in_the_last_line_is_refused_as_by_the_original():
    assert problems("virtual=192.0.2.1:80\n") == [
        ("ldirectord.cf:1: virtual=192.0.2.1:80 has no real servers: the file ends here")
    ]


def test_secrets_are_never_shown():
    text = f'{SECTION}\tpasswd=geheim\n\tsecret=geheim\n\tlogin=geheim\n\tpasswd="geheim" x\n'
    with pytest.raises(ConfigRejected) as caught:
        config_of(text)
    assert len(caught.value.problems) == 4
    assert "geheim" not in str(caught.value)


def test_a_wrong_pattern_of_a_real_server_is_told_at_its_own_line():
    text = 'virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate 1 "a","(b"\n\treceive="ok"\n'
    assert problems(text) == [
        "ldirectord.cf:2: receive: '(b' is no regular expression: missing closing parenthesis at byte 2"
    ]


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ("checktimeout=1.5", "checktimeout: '1.5' is read as '1'"),
        ("checktype=external2", "checktype: 'external2' is read as '2'"),
        ("scheduler=wlc2", "scheduler: 'wlc2' is read as 'wlc'"),
        ('receive="a" b', "receive: '\"a\" b' is read as 'a'"),
        ("virtualhost=a.b # c", "virtualhost: 'a.b ' is taken as it stands, with the blanks at its end"),
        ('servicename="web"', "servicename: '\"web\"' is taken as it stands, with quotes"),
        (
            "checkcount=3",
            "checkcount: checkcount option is deprecated and slated for removal.  please see 'failurecount'",
        ),
        ('load="x"', "load: this directive has no effect"),
        ("ops=yes", "ops: this has an effect with protocol=udp only"),
        ("real=192.0.2.3 gate weight 5", "real: 'weight' is ignored"),
        ("real=foo!192.0.2.3:80 gate", "real: 'foo!' in front of 192.0.2.3 is ignored"),
        ("real=192.0.2.2:80 gate", "real: 192.0.2.2:80 is there already, from line 2"),
        ("real=192.0.2.3 gate l:5", "real: l:5 needs a u: that is not below it, or else the kernel refuses the server"),
        (
            "real=192.0.2.3:80->192.0.2.9:80 gate",
            "real: a range has its port behind its end, as in 10.0.0.1->10.0.0.9:80; this line names no server",
        ),
    ],
)
def test_what_is_accepted_but_surprising_is_a_warning(line, warning):
    assert warnings(f"{SECTION}\t{line}\n") == [f"ldirectord.cf:3: warning: {warning}"]


@pytest.mark.parametrize(
    ("opening", "warning"),
    [
        ("virtual=1abc", "virtual: '1abc' is read as firewall mark 1"),
        ("virtual=192.0.2.1:80 foo", "virtual: ' foo' is ignored"),
        ("supervised", "supervised: please update your config not to use a bare supervised directive"),
    ],
)
def test_a_surprising_line_in_the_first_column_is_a_warning(opening, warning):
    assert warnings(f"{opening}\n\n") == [f"ldirectord.cf:1: warning: {warning}"]


SECRET_LINES = [
    "pass wd=geheim",
    "passwdgeheim",
    "passwd geheim",
    "passwd: geheim",
    "Passwd geheim",
    "my password = geheim",
    "database=mysql://user:geheim@host/db",
    "checkcommand=",
]


@pytest.mark.parametrize("line", SECRET_LINES)
def test_a_secret_that_is_written_wrongly_is_not_shown(line):
    assert "geheim" not in str(problems(f"{SECTION}\t{line}\n\tpasswd=geheim\n"))


COMMENT_WITHIN = "a # begins a comment in ldirectord.cf, even within quotes; in a pattern write \\x23, or use YAML"


@pytest.mark.parametrize("line", ['receive="a#b"', 'passwd="a#b"', 'real=192.0.2.2:80 gate 1 "/a#b", "c"'])
def test_quotes_that_a_comment_has_cut_are_not_denied(line):
    assert problems(f"{SECTION}\t{line}\n") == [f"ldirectord.cf:3: {line.partition('=')[0]}: {COMMENT_WITHIN}"]


def test_a_value_that_a_comment_has_cut_and_that_is_taken_is_a_warning():
    assert warnings(f'{SECTION}\tvirtualhost="a#b"\n') == [
        f"ldirectord.cf:3: warning: virtualhost: '\"a' is read as 'a'; {COMMENT_WITHIN}"
    ]


@pytest.mark.parametrize(
    ("opening", "written"),
    [
        ("virtual6=2001:db8::1:80", "[2001:db8::1]:80"),
        ("virtual=::1:80", "[::1]:80"),
        ("virtual6=fe80::1:a", "[fe80::1:a]:80"),
        ("virtual6=2001:db8::1 # web", "[2001:db8::1]:80"),
        ("virtual6=2001:db8:1:2:3:4:5:6", "[2001:db8:1:2:3:4:5:6]:80"),
        ("virtual6=2001:db8:1:2:3:4:5:6:443", "[2001:db8:1:2:3:4:5:6]:443"),
        ("virtual6=fe80::1", "[fe80::1]:80"),
    ],
)
def test_an_ipv6_virtual_without_brackets_is_told_what_to_write(opening, written):
    name = opening.partition("=")[0]
    assert problems(f"{opening}\n\n") == [
        f"ldirectord.cf:1: {name}: an IPv6 address stands in brackets; write virtual6={written}"
    ]


BLANK = "here is a no-break space (U+00A0), which looks like a blank and is none; write a blank in its place"


@pytest.mark.parametrize("blank", ["\u00a0", "\udca0"], ids=["UTF-8", "ISO 8859-1"])
def test_a_line_that_begins_with_what_looks_like_a_blank_says_so_and_nothing_else(blank):
    assert problems(f'{SECTION}{blank * 4}service=http\n\treceive="x"\n') == [f"ldirectord.cf:3: {BLANK}"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\u00a0=http", "no-break space (U+00A0), which looks like a blank and is none"),
        ("\u200b=http", "zero width space (U+200B), which nobody sees"),
        ("=\u202ehttp", "right-to-left override (U+202E), which nobody sees"),
        ("=http\ufeff", "zero width no-break space (U+FEFF), which nobody sees"),
    ],
)
def test_characters_that_nobody_sees_are_named(text, what):
    try:
        told = [str(warning) for warning in config_of(f"{SECTION}\tservice{text}\n").warnings]
    except ConfigRejected as rejected:
        told = list(map(str, rejected.problems))
    assert any(what in line for line in told)
    assert "".join(told).isprintable()


def test_what_stands_in_quotes_or_in_a_comment_may_have_any_character():
    assert warnings(f'{SECTION}\treceive="a\u00a0b" # \u00a0\n# \u200b\n') == []


def test_the_line_ends_of_another_system_are_told_once():
    text = "virtual=192.0.2.1:80\r\n\treal=192.0.2.2:80 gate\r\n\tservice=http\r\n"
    assert warnings(text) == [
        (
            "ldirectord.cf:1: warning: lines end in CR LF, as in Windows, and a value without quotes gets the CR as "
            "its last letter; save the file with LF alone"
        )
    ]


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("https://www.example.org/x", "is a URL, and is sent as the Host as it stands; write www.example.org"),
        ("www.example.org/x", "is more than a name, and is sent as the Host as it stands; write www.example.org"),
        ("/x", "is more than a name, and is sent as the Host as it stands; write a name such as www.example.org"),
    ],
)
def test_a_virtualhost_that_is_none_is_a_warning(host, advice):
    assert warnings(f"{SECTION}\tvirtualhost={host}\n") == [f"ldirectord.cf:3: warning: virtualhost: {host!r} {advice}"]


@pytest.mark.parametrize("mask", ["255.255.0.255", "0.255.255.255", "255.253.0.0"])
def test_a_mask_with_a_hole_is_a_warning(mask):
    (told,) = warnings(f"{SECTION}\tpersistent=5\n\tnetmask={mask}\n")
    assert told.startswith(f"ldirectord.cf:4: warning: netmask: {mask} has a hole")


@pytest.mark.parametrize("mask", ["255.255.255.255", "255.255.240.0", "128.0.0.0", "0.0.0.0"])
def test_a_mask_without_a_hole_is_none(mask):
    assert warnings(f"{SECTION}\tpersistent=5\n\tnetmask={mask}\n") == []


def test_more_real_servers_than_anybody_has_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr(servers, "MOST_SERVERS", 100)
    text = "virtual=192.0.2.1:80\n" + "\treal=10.0.0.1->10.0.0.60 gate\n" * 9
    assert problems(text) == ["ldirectord.cf:3: real: there are more than 100 real servers in all"]


@pytest.mark.parametrize("name", sorted(rows(Scope.SECTION)))
@pytest.mark.parametrize("shape", ["{}", '"{}', "a{}/b", "10.0.0.1:80 {}", "10.0.0.1{}:80 gate", "https://{}/"])
def test_no_message_steers_a_terminal(name, shape):
    value = shape.format("\x1b[2J\u202e\x07\u2066")
    try:
        told = config_of(f"{SECTION}\t{name}={value}\n").warnings
    except ConfigRejected as rejected:
        told = rejected.problems
    assert all(problem.text.isprintable() for problem in told)
