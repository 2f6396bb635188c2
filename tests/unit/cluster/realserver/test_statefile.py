"""The file that remembers what was done to a machine."""

import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from ldirectord_py.cluster.realserver.statefile import StepsFile
from ldirectord_py.cluster.realserver.steps import AddAddress, RaiseDevice, SetSetting, SetUpRefused
from ldirectord_py.system.identity import boot_id

DONE = [
    SetSetting("net.ipv4.conf.all.arp_ignore", 1, 0),
    RaiseDevice("tunl0"),
    AddAddress(ip_address("192.0.2.100"), "tunl0"),
]
OF_OTHERS = '{"setting": "kernel.sysrq", "value": 0, "before": 1}'


@pytest.fixture
def file(tmp_path: Path) -> StepsFile:
    return StepsFile(tmp_path / "realserver.json")


def test_what_is_written_is_read_and_nothing_leaves_no_file(file: StepsFile) -> None:
    assert file.read() == []
    file.write(DONE)
    assert file.read() == DONE
    file.write([])
    assert not file.path.exists()


def test_after_a_boot_nothing_is_to_be_undone(file: StepsFile) -> None:
    file.write(DONE)
    file.path.write_text(file.path.read_text().replace(boot_id(), "another boot"))
    assert file.read() == []


def test_another_network_namespace_is_not_touched(file: StepsFile) -> None:
    file.write(DONE)
    document = json.loads(file.path.read_text())
    file.path.write_text(json.dumps({**document, "namespace": 1}))
    with pytest.raises(SetUpRefused, match="is about another network namespace"):
        file.read()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "\x00", '{"version": 2}', "[" * 100_000),
        *(
            f'{{"version": 1, "boot": "BOOT", "steps": [{step}]}}'
            for step in ("{}", "3", '{"address": "x"}', OF_OTHERS)
        ),
    ],
    ids=lambda text: text[:20],
)
def test_rubbish_is_refused_in_a_sentence_and_kept(file: StepsFile, text: str) -> None:
    file.path.write_text(text.replace("BOOT", boot_id()))
    with pytest.raises(SetUpRefused, match="cannot be used"):
        file.read()
    assert file.path.exists()


def test_links_of_others_are_not_followed(file: StepsFile, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    file.path.with_name("realserver.json.new").symlink_to(victim)
    file.write(DONE)
    assert victim.read_text() == "mine"
    assert file.read() == DONE
