"""A scheduler that this kernel cannot load: refused with the module's name, and everything else stays in force."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.support.classic import Classic
from tests.lab.support.ctl import Machine
from tests.lab.support.scene import Scene

pytestmark = pytest.mark.kernel("modules")

MODPROBE = Path("/proc/sys/kernel/modprobe")
SENTENCE = (
    "this kernel has no scheduler ovf: the module ip_vs_ovf cannot be loaded (`modprobe ip_vs_ovf` says why);"
    " install it or choose another"
)


@pytest.fixture
def classic(scene: Scene) -> Iterator[Classic]:
    scene.director.host.run("modprobe ip_vs_wlc")
    scene.director.host.run("modprobe -r ip_vs_ovf")
    before = MODPROBE.read_text()
    MODPROBE.write_text("/bin/false")
    yield Classic(scene)
    MODPROBE.write_text(before)


def lacking(classic: Classic) -> str:
    return classic.config().replace("scheduler=wlc", "scheduler=ovf")


def test_a_reload_is_refused_and_the_table_stays(classic: Classic) -> None:
    director = classic.scene.director
    director.start(classic.config())
    director.wait_for_weights(classic.weights(3, 2, 1))
    before = director.table().lines()
    director.write(lacking(classic))
    assert SENTENCE in director.act("reload", status=2)
    director.wait_for_log(SENTENCE)
    assert director.table().lines() == before
    classic.two.site.sick()
    director.wait_for_weights(classic.weights(3, 0, 1))


def test_a_start_is_refused_and_enters_nothing(classic: Classic) -> None:
    director = classic.scene.director
    director.write(lacking(classic))
    assert SENTENCE in director.act("start", status=2)
    assert director.table().lines() == []


def test_a_kernel_that_can_load_it_does(classic: Classic) -> None:
    director = classic.scene.director
    MODPROBE.write_text("/sbin/modprobe")
    director.start(lacking(classic))
    director.wait_for_weights(classic.weights(3, 2, 1))


def test_doctor_says_so_too(classic: Classic, tmp_path: Path) -> None:
    machine = Machine(classic.scene.director.host, tmp_path / "run-of-director")
    file = machine.run / "lab.cf"
    file.write_text(lacking(classic))
    found = machine.findings("doctor", str(file), "--ignore", "clock")
    assert [(finding["id"], finding["severity"]) for finding in found] == [("scheduler", "error")]
    assert SENTENCE in found[0]["text"]
