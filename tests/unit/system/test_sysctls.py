"""Which settings of the kernel a configuration needs."""

from pathlib import Path

import pytest

from ldirectord_py.system.sysctls import EXPIRE_NODEST_CONN, EXPIRE_QUIESCENT_TEMPLATE, KernelSettings, advised, current
from tests.unit.config.readings import config_of

REAL = "\treal=192.0.2.2:80 masq\n"
TCP = f"virtual=192.0.2.1:80\n{REAL}"
UDP = f"virtual=192.0.2.1:53\n{REAL}\tprotocol=udp\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (TCP, []),
        (f"{TCP}\tquiescent=yes\n", []),
        (f"{TCP}\tpersistent=60\n\tquiescent=yes\n", [EXPIRE_QUIESCENT_TEMPLATE]),
        (f"{TCP}\tpersistent=60\n", [EXPIRE_NODEST_CONN]),
        (UDP, [EXPIRE_NODEST_CONN]),
        (f"{UDP}\tops=yes\n", []),
        (f"{UDP}\tquiescent=yes\n", []),
        (f"{UDP}\tpersistent=60\n\tquiescent=yes\n", [EXPIRE_QUIESCENT_TEMPLATE]),
        (f"virtual=5\n{REAL}\tpersistent=60\n\tquiescent=yes\n{UDP}", [EXPIRE_QUIESCENT_TEMPLATE, EXPIRE_NODEST_CONN]),
    ],
)
def test_what_is_advised_follows_from_persistence_protocol_and_quiescence(text: str, names: list[str]) -> None:
    config = config_of(text)
    assert [advice.name for advice in advised(config, lambda _: 0)] == names
    assert advised(config, lambda _: 1) == advised(config, lambda _: None) == ()


def test_the_sentence_says_for_whom_why_and_what_to_do() -> None:
    section = f"{REAL}\tpersistent=60\n\tquiescent=yes\n"
    (advice,) = advised(config_of(f"virtual=192.0.2.1:80\n{section}virtual=192.0.2.1:443\n{section}"), lambda _: 0)
    assert advice.sentence == (
        "tcp:192.0.2.1:80 and 1 more: with persistent and quiescent=yes, its clients stay with a server that is out"
        " while net.ipv4.vs.expire_quiescent_template is 0; set it: sysctl -w"
        " net.ipv4.vs.expire_quiescent_template=1"
    )


def test_a_setting_is_read_where_the_kernel_has_it(tmp_path: Path) -> None:
    assert current(EXPIRE_NODEST_CONN, tmp_path) is None
    folder = tmp_path / "net" / "ipv4" / "vs"
    folder.mkdir(parents=True)
    (folder / "expire_nodest_conn").write_text("1\n")
    assert current(EXPIRE_NODEST_CONN, tmp_path) == 1


def test_a_setting_is_set_or_the_reason_is_told_with_the_advice(tmp_path: Path) -> None:
    (advice,) = advised(config_of(UDP), lambda _: 0)
    settings = KernelSettings({}, tmp_path)
    assert settings.put(advice) == (
        f"sysctls: net.ipv4.vs.expire_nodest_conn cannot be set: No such file or directory; {advice.sentence}"
    )
    folder = tmp_path / "net" / "ipv4" / "vs"
    folder.mkdir(parents=True)
    assert settings.told() == []
    (folder / "expire_nodest_conn").write_text("0\n")
    assert settings.put(advice) == (
        "sysctls: net.ipv4.vs.expire_nodest_conn set to 1; it was 0, and stays set when this daemon ends"
    )
    assert current(EXPIRE_NODEST_CONN, tmp_path) == 1
    assert settings.told() == [{"name": EXPIRE_NODEST_CONN, "before": 0, "now": 1}]


def test_what_a_setting_was_is_what_it_was_before_the_first_director(tmp_path: Path) -> None:
    (advice,) = advised(config_of(UDP), lambda _: 0)
    folder = tmp_path / "net" / "ipv4" / "vs"
    folder.mkdir(parents=True)
    (folder / "expire_nodest_conn").write_text("1\n")
    later = KernelSettings({EXPIRE_NODEST_CONN: 0, "kernel.panic": 1}, tmp_path)
    assert later.told() == [{"name": EXPIRE_NODEST_CONN, "before": 0, "now": 1}]
    assert later.put(advice)
    assert later.before == {EXPIRE_NODEST_CONN: 0}
    (folder / "expire_nodest_conn").unlink()
    assert later.told() == [{"name": EXPIRE_NODEST_CONN, "before": 0, "now": None}]
