"""What is written for BIRD, and what BIRD makes of it: Debian's, which speaks with nobody here."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from ldirectord_py.cluster.announcing.bird import Bird, session
from ldirectord_py.cluster.announcing.route import BgpRoute
from tests.servers.daemons import daemon

VIP, VIP6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
ROUTES = [BgpRoute(VIP), BgpRoute(VIP6, ((65001, 7), (65535, 0), (1, 2, 3)))]
_CONF = 'router id 192.0.2.2;\nprotocol device {{ }}\ninclude "{}/announced*/*.conf";\n'


@dataclass(frozen=True, slots=True)
class Place:
    """Where a BIRD has its files."""

    folder: Path

    @property
    def conf(self) -> Path:
        return self.folder / "bird.conf"

    @property
    def control(self) -> Path:
        return self.folder / "bird.ctl"

    @property
    def file(self) -> Path:
        return self.folder / "announced/vips.conf"

    def speaker(self) -> Bird:
        """Return what has it announce."""
        return Bird(self.file, self.control)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have BIRD run."""
        argv = ["bird", "-f", "-c", self.conf, "-s", self.control]
        with daemon(argv, ready=self.answers, output=self.folder / "output"):
            yield

    def answers(self) -> bool:
        with suppress(OSError), session(self.control):
            return True
        return False

    def routes(self) -> str:
        """Return what it would tell its neighbours."""
        words = ["birdcl", "-s", str(self.control), "show", "route", "all"]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=20).stdout


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.conf.write_text(_CONF.format(tmp_path))
    return made


@pytest.fixture
def bird(place: Place) -> Iterator[Place]:
    """Return a BIRD that found no file when it started, nor a folder for it."""
    with place.running():
        place.file.parent.mkdir()
        yield place


def test_vips_of_both_families_with_their_communities(bird: Place) -> None:
    speaker = bird.speaker()
    assert speaker.state(ROUTES, [VIP, VIP6]) == ""
    shown = bird.routes()
    assert "192.0.2.1/32         blackhole [ldirectord_192_0_2_1 " in shown
    assert "2001:db8::1/128      blackhole [ldirectord_2001_0db8_0000_0000_0000_0000_0000_0001 " in shown
    assert "BGP.community: (65001,7) (65535,0)" in shown
    assert "BGP.large_community: (1, 2, 3)" in shown
    assert speaker.state(ROUTES[:1], [VIP, VIP6]) == ""
    shown = bird.routes()
    assert ("192.0.2.1/32" in shown, "2001:db8::1/128" in shown) == (True, False)
    assert speaker.state([], [VIP, VIP6]) == ""
    assert "/" not in bird.routes()


def test_what_is_wrong_elsewhere_in_its_configuration_keeps_nothing_from_being_withdrawn(bird: Place) -> None:
    speaker, good = bird.speaker(), bird.conf.read_text()
    assert speaker.state(ROUTES, [VIP, VIP6]) == ""
    bird.conf.write_text(f"{good}protocol nonsense\n")
    told = speaker.state(ROUTES[:1], [VIP, VIP6])
    assert told.startswith("BIRD refuses its configuration, so that VIPs are switched by commands: ")
    assert "bird.conf:4" in told
    assert "2001:db8::1/128" not in bird.routes()
    assert speaker.state(ROUTES, [VIP, VIP6]) == told
    assert "2001:db8::1/128" in bird.routes()
    assert speaker.state([], [VIP, VIP6]) == told
    assert "/" not in bird.routes()
    bird.conf.write_text(good)
    assert speaker.state(ROUTES, [VIP, VIP6]) == ""
    shown = bird.routes()
    assert ("192.0.2.1/32" in shown, "2001:db8::1/128" in shown) == (True, True)


def test_a_file_that_cannot_be_written_keeps_nothing_from_being_withdrawn(bird: Place) -> None:
    speaker = bird.speaker()
    assert speaker.state(ROUTES, [VIP, VIP6]) == ""
    draft = bird.file.with_name("vips.conf.new")
    draft.mkdir()
    assert speaker.state([], [VIP, VIP6]) == f"{bird.file} cannot be written: Is a directory"
    assert "/" not in bird.routes()
    draft.rmdir()
    assert speaker.state(ROUTES[:1], [VIP, VIP6]) == ""
    assert "192.0.2.1/32" in bird.routes()


def test_a_bird_that_starts_later_reads_the_file_and_is_told_once_more(place: Place) -> None:
    speaker = place.speaker()
    missing = speaker.state(ROUTES, [VIP, VIP6])
    assert missing == f"{place.file} cannot be written: No such file or directory"
    place.file.parent.mkdir()
    assert speaker.state(ROUTES, [VIP, VIP6]) == f"BIRD cannot be asked at {place.control}: No such file or directory"
    with place.running():
        assert "192.0.2.1/32" in place.routes()
        assert speaker.state(ROUTES, [VIP, VIP6]) == ""


def test_it_says_what_a_command_brought(bird: Place) -> None:
    with session(bird.control) as asked:
        assert (asked.command("configure check").code, asked.command("configure check").failed) == (20, False)
        refused = asked.command("disable nobody")
        assert (refused.failed, refused.text[:12]) == (True, "syntax error")
        shown = asked.command("show protocols")
        assert "device1" in shown.text or shown.code == 0
