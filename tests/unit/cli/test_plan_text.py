"""What people read of a plan: lines in a pipe, tables on a terminal."""

import re
from ipaddress import ip_address

import pytest

from ldirectord_py.cli.ctl.comparing.plan_text import show
from ldirectord_py.cli.ctl.plan import as_json
from ldirectord_py.cli.daemon.kept_services import KeptServices
from ldirectord_py.config.load import parse
from ldirectord_py.engine.forecast import Circumstances, forecast
from ldirectord_py.engine.plan_steps import steps_of
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import CheckedOnce, Reason, down, up
from ldirectord_py.model.config import Config
from ldirectord_py.model.plan_steps import PlannedReload, VipAction, VipStep
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol, RealKey
from ldirectord_py.model.table import Destination, Service, Settings, TableState
from tests.peers.terminal import sitting_at

CONFIG = b"""\
virtual=192.0.2.1:80
\tpersistent=600
\treal=10.0.0.5:80 masq 3
\treal=10.0.0.16:80 masq 2
\treal=10.0.0.7:80 gate
\tfallback=127.0.0.1:80
virtual=192.0.2.2:80
\treal=10.0.0.8:80 gate
"""


@pytest.fixture
def config() -> Config:
    return parse(CONFIG, "/etc/ha.d/ldirectord.cf")


def real(config: Config, number: int) -> RealKey:
    return config.virtuals[0].keys[number]


def planned(config: Config) -> PlannedReload:
    mail = AddressKey(Protocol.TCP, Endpoint(config.virtuals[0].reals[0].endpoint.address, 25))
    found: TableState = {
        config.virtuals[0].key: Service(
            Settings(netmask=32, scheduler="rr"),
            {
                real(config, 0).real: Destination(forwarding=Forwarding.GATE, weight=1, upper=9),
                real(config, 1).real: Destination(forwarding=Forwarding.MASQ, weight=2),
            },
        ),
        mail: Service(Settings(netmask=32), {real(config, 0).real: Destination(forwarding=Forwarding.MASQ, weight=1)}),
    }
    ill = down(Reason.STATUS, "the server answered 503, and 2xx was expected of the page")
    outcomes = {key: up() for virtual in config.virtuals for key in virtual.keys} | {real(config, 1): ill}
    told = forecast(config, found, outcomes, Circumstances(ours=[str(mail)]))
    return PlannedReload(
        file=config.path,
        steps=list(steps_of(config, found, told)),
        connections={mail: 5},
        checked={key: CheckedOnce(each, f"GET http://{key.real}/") for key, each in outcomes.items()},
        maintained={real(config, 2): "10.0.0.7"},
    )


PLAN = """\
tcp:192.0.2.1:80
  ~ virtual service: scheduler rr → scheduler wrr, persistent 600 s per 255.255.255.255
  ~ 10.0.0.5:80   gate → masq, weight 1 → 3, upper threshold 9 → 0
  after the checks:
    + 10.0.0.7:80   gate, weight 1
    - 10.0.0.16:80
    10.0.0.7:80 is in maintenance: there is a file '10.0.0.7'
    10.0.0.16:80 does not pass: GET http://10.0.0.16:80/: the server answered 503, and 2xx was expected of the page
tcp:192.0.2.2:80
  + virtual service: scheduler wrr
  after the checks:
    + 10.0.0.8:80   gate, weight 1
tcp:10.0.0.5:25
  - virtual service: removed with its 1 server and 5 connections
/etc/ha.d/ldirectord.cf: 4 changes at once, 3 after the checks
"""

SHOWN = """\
tcp:192.0.2.1:80
  ~  virtual service  scheduler rr → scheduler wrr, persistent 600 s per
                      255.255.255.255
  ~  10.0.0.5:80      gate → masq, weight 1 → 3, upper threshold 9 → 0
  after the checks:
    +  10.0.0.7:80   gate, weight 1
    -  10.0.0.16:80
    10.0.0.7:80   is in maintenance: there is a file '10.0.0.7'
    10.0.0.16:80  does not pass: GET http://10.0.0.16:80/: the server answered
                  503, and 2xx was expected of the page
tcp:192.0.2.2:80
  +  virtual service  scheduler wrr
  after the checks:
    +  10.0.0.8:80   gate, weight 1
tcp:10.0.0.5:25
  -  virtual service  removed with its 1 server and 5 connections
/etc/ha.d/ldirectord.cf: 4 changes at once, 3 after the checks
"""


VIPS = (
    VipStep(action=VipAction.REMOVE, address=ip_address("192.0.2.1"), device="eth0"),
    VipStep(action=VipAction.ADD, address=ip_address("2001:db8::1"), device="eth1"),
    VipStep(action=VipAction.NONE, address=ip_address("192.0.2.2"), sentence="there is no interface eth7"),
)


def show_all(config: Config) -> None:
    show(as_json(planned(config), KeptServices(None, None)))


def test_a_pipe_gets_a_line_for_each_step(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    show_all(config)
    assert capsys.readouterr().out == PLAN


def test_a_terminal_gets_tables_that_keep_to_its_width(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with sitting_at(80, monkeypatch, NO_COLOR="1") as terminal:
        show_all(config)
    assert terminal.written() == SHOWN


def test_what_comes_goes_and_changes_differs_in_colour(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with sitting_at(120, monkeypatch) as terminal:
        show_all(config)
    text = terminal.written()
    assert {"\x1b[32m+\x1b[0m", "\x1b[33m~\x1b[0m", "\x1b[31m-\x1b[0m"} <= set(text.split())
    plain = re.sub(r"\x1b\[\d*m", "", text)
    assert plain.replace(" ", "") == SHOWN.replace("\n                      255", "255").replace(
        "\n                  503", "503"
    ).replace(" ", "")


def test_vips_that_come_and_go_stand_below_the_services_and_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    show(as_json(PlannedReload(file="web.cf", vips=VIPS), KeptServices(None, None)))
    assert capsys.readouterr().out.splitlines() == [
        "VIPs",
        "  - 192.0.2.1    from eth0",
        "  + 2001:db8::1  on eth1",
        "    192.0.2.2: there is no interface eth7",
        "web.cf: the table is as it should be; 1 VIP would come up, 1 go down",
    ]


def test_a_vip_that_would_not_come_is_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    show(as_json(PlannedReload(file="web.cf", vips=VIPS[2:]), KeptServices(None, None)))
    assert capsys.readouterr().out.splitlines()[-1] == "web.cf: the table is as it should be, nothing would change"
