"""What is kept of VIPs, and told once."""

from ipaddress import ip_address

import pytest

from ldirectord_py.cluster.vips.vip_book import VipBook
from ldirectord_py.cluster.vips.vip_plan import AddedVip, VipStanding
from ldirectord_py.cluster.vips.wanted import WantedVip
from ldirectord_py.model.cluster.vips import VipCause, VipState
from ldirectord_py.model.events.vips import VipConflict, VipContested, VipEvent, VipTakenAway, VipTrouble

VIP = ip_address("192.0.2.100")
OURS = AddedVip(VIP, "eth0", "eth0:1")
MISSING = VipStanding(VipState.NO_INTERFACE, "eth7", "there is no interface eth7")
OTHER = "02:00:00:00:00:07"


class Kept:
    """A book with one VIP, what it told, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.told: list[VipEvent] = []
        self.now = 1_000.0
        self.book = VipBook(self.told.append, lambda: self.now)
        self.book.want({VIP: WantedVip(address=VIP, place="web.cf:5")})

    def kinds(self) -> list[type[VipEvent]]:
        return [type(event) for event in self.told]


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_what_is_wrong_is_told_once_while_it_lasts_and_the_state_has_a_beginning(kept: Kept) -> None:
    (status,) = kept.book.status()
    assert (status.state, status.held, status.ailing) == (VipState.PENDING, False, False)
    kept.book.judge(VIP, MISSING)
    kept.now = 2_000.0
    kept.book.judge(VIP, MISSING)
    assert kept.kinds() == [VipTrouble]
    (status,) = kept.book.status()
    assert (status.since, status.sentence) == (1_000.0, MISSING.sentence)
    assert kept.book.complaints() == ["vips: 192.0.2.100 (web.cf:5): there is no interface eth7"]
    kept.book.judge(VIP, VipStanding(VipState.STANDBY))
    kept.book.judge(VIP, MISSING)
    assert kept.kinds() == [VipTrouble, VipTrouble]


def test_a_conflict_is_told_when_it_has_lasted_and_once(kept: Kept) -> None:
    kept.book.conflict(VIP, "eth0", [OTHER], held=False, silent=True)
    assert kept.told == []
    assert kept.book.status()[0].sentence == f"{OTHER} on eth0 has it"
    for _ in range(2):
        kept.book.conflict(VIP, "eth0", [OTHER], held=False, silent=False)
    assert kept.told == [VipConflict(address=VIP, device="eth0", owners=(OTHER,), held=False, place="web.cf:5")]


def test_a_vip_that_another_machine_has_as_well_is_held_and_that_is_told_until_it_is_over(kept: Kept) -> None:
    kept.book.added[VIP] = OURS
    kept.book.came(OURS, VipCause.START, again=False)
    kept.told.clear()
    for _ in range(2):
        kept.book.conflict(VIP, "eth0", [OTHER], held=True, silent=False)
        kept.book.judge(VIP, VipStanding(VipState.HELD, "eth0"))  # as the plan has it, which knows of this machine only
    (status,) = kept.book.status()
    assert (status.held, status.sentence, kept.kinds()) == (True, f"{OTHER} on eth0 has it as well", [VipConflict])
    kept.book.alone(VIP)
    assert not kept.book.status()[0].ailing


def test_what_was_added_is_remembered_and_what_somebody_else_removed_is_not(kept: Kept) -> None:
    kept.book.added[VIP] = OURS
    assert kept.book.remembered == [
        {"address": "192.0.2.100", "device": "eth0", "label": "eth0:1", "since": 1_000.0}  # it comes in this moment
    ]
    kept.book.taken_away(OURS, 3, alarm=True, again=False)
    assert (kept.book.remembered, kept.kinds()) == ([], [VipTakenAway, VipContested])


def test_of_what_a_state_file_says_only_what_can_be_ours_is_taken_over(kept: Kept) -> None:
    rubbish = [3, None, "x", {}, {"address": "nowhere", "device": "eth0", "label": ""}, {"address": "192.0.2.1"}]
    kept.book.take_over([*rubbish, OURS.as_json()])
    assert kept.book.added == {VIP: OURS}


def test_a_vip_is_here_since_the_director_before_this_one_added_it() -> None:
    before, after = Kept(), Kept()
    before.book.added[VIP] = OURS
    before.book.came(OURS, VipCause.START, again=False)
    before.now = after.now = 5_000.0
    after.book.take_over(before.book.remembered)
    assert after.book.remembered == before.book.remembered  # before the first look, too
    after.book.judge(VIP, VipStanding(VipState.HELD, "eth0"))
    after.now = 6_000.0
    assert [each.since for each in after.book.status()] == [1_000.0]
    assert after.book.remembered == before.book.remembered


def test_one_that_was_not_here_any_more_begins_anew(kept: Kept) -> None:
    kept.book.take_over([OURS.as_json() | {"since": 100.0}])
    kept.book.taken_away(OURS, 1, alarm=False, again=False)
    kept.book.added[VIP] = OURS
    kept.book.came(OURS, VipCause.REPAIR, again=False)
    assert kept.book.status()[0].since == 1_000.0


@pytest.mark.parametrize("since", [None, "yesterday", -1.0, 2_000.0, float("nan"), float("inf"), [1]])
def test_a_beginning_that_no_clock_has_shown_is_now(kept: Kept, since: object) -> None:
    kept.book.take_over([OURS.as_json() | {"since": since}])
    kept.book.judge(VIP, VipStanding(VipState.HELD, "eth0"))
    assert (kept.book.status()[0].since, list(kept.book.added.values())) == (1_000.0, [OURS])
