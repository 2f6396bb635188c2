"""When a VIP is announced: single cases, and what holds whatever happens."""

from ipaddress import ip_address

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ldirectord_py.cluster.announcing.announcer import Announcer, Delays, Form, Sight, Stand
from ldirectord_py.cluster.announcing.policy import VipHealth

VIP, OTHER = ip_address("192.0.2.1"), ip_address("2001:db8::1")
UP, DOWN = VipHealth(served=True, why="served"), VipHealth(served=False, why="nobody serves")
DELAYS = Delays(hold=5, graceful=3, grace=4)


def sight(health: VipHealth = UP, *, complete: bool = True, standby: bool = False) -> Sight:
    return Sight(vips={VIP: health}, complete=complete, standby=standby)


def announcer(health: VipHealth = UP) -> Announcer:
    """Return one that has heard at 0 how the VIP is."""
    made = Announcer(DELAYS, 0)
    made.see(sight(health), 0)
    return made


def stand(of: Announcer, now: float) -> Stand:
    stands = of.stands(now)
    assert stands is not None
    return stands[VIP]


def forms(of: Announcer, *moments: float) -> list[Form]:
    return [stand(of, now).form for now in moments]


def test_what_is_served_at_the_start_is_announced_at_once() -> None:
    assert stand(announcer(), 0) == Stand(Form.ANNOUNCED, "served")
    assert announcer().next() is None


def test_what_nobody_serves_is_withdrawn_at_once_and_held_when_it_comes_back() -> None:
    made = announcer()
    made.see(sight(DOWN), 10)
    assert stand(made, 10) == Stand(Form.WITHDRAWN, "nobody serves")
    made.see(sight(), 11)
    assert stand(made, 11) == Stand(Form.HELD, "it is served again", 16)
    made.see(sight(DOWN), 15)
    made.see(sight(), 15.5)
    assert made.next() == 20.5
    assert forms(made, 20, 20.5) == [Form.HELD, Form.ANNOUNCED]


def test_a_vip_may_be_held_for_a_time_of_its_own() -> None:
    made = Announcer(Delays(hold=5, holds={VIP: 60}), 0)
    for moment, health in ((0, UP), (10, DOWN), (11, UP)):
        made.see(Sight(vips={VIP: health, OTHER: health}, complete=True), moment)
    stands = made.stands(11)
    assert stands is not None
    assert {vip: each.until for vip, each in stands.items()} == {VIP: 71, OTHER: 16}


def test_one_that_was_never_announced_is_not_held() -> None:
    made = announcer(DOWN)
    made.see(sight(), 7)
    assert stand(made, 7).form is Form.ANNOUNCED


def test_on_standby_the_community_comes_first_and_a_return_waits_for_nothing() -> None:
    made = announcer()
    made.see(sight(standby=True), 10)
    assert stand(made, 10) == Stand(Form.LEAVING, "this director is on standby", 13)
    assert made.next() == 13
    assert stand(made, 13) == Stand(Form.WITHDRAWN, "this director is on standby")
    made.see(sight(), 13.5)
    assert stand(made, 13.5).form is Form.ANNOUNCED


def test_one_that_leaves_and_loses_its_servers_does_not_stay_for_the_rest_of_the_time() -> None:
    made = announcer()
    made.hold_back("/etc/disabled is there", 10)
    assert stand(made, 10).form is Form.LEAVING
    made.see(sight(DOWN), 11)
    assert stand(made, 11).form is Form.WITHDRAWN


def test_a_daemon_that_comes_back_in_time_has_withdrawn_nothing() -> None:
    made = announcer()
    made.miss(10)
    made.see(sight(DOWN, complete=False), 12)
    assert forms(made, 12, 13.9) == [Form.ANNOUNCED, Form.ANNOUNCED]
    made.see(sight(), 13.9)
    assert stand(made, 30).form is Form.ANNOUNCED


def test_a_daemon_that_stays_away_is_no_reason_to_announce() -> None:
    made = announcer()
    made.miss(10)
    assert made.next() == 14
    assert stand(made, 14) == Stand(Form.WITHDRAWN, "the daemon has not said for 4 s that it is served")
    made.see(sight(), 15)
    assert forms(made, 15, 20) == [Form.HELD, Form.ANNOUNCED]


def test_what_the_configuration_has_no_more_is_withdrawn() -> None:
    made = announcer()
    made.see(Sight(vips={OTHER: UP}, complete=True), 10)
    stands = made.stands(10)
    assert stands == {
        VIP: Stand(Form.WITHDRAWN, "the configuration has no virtual service of it"),
        OTHER: Stand(Form.ANNOUNCED, "served"),
    }


def test_what_a_predecessor_has_announced_stays_until_something_is_known() -> None:
    made = Announcer(DELAYS, 0)
    made.miss(0)
    made.see(sight(DOWN, complete=False), 1)
    assert made.stands(3.9) is None
    assert made.next() == 4
    assert stand(made, 4) == Stand(Form.WITHDRAWN, "the configuration has no virtual service of it")
    assert (made.stands(5), made.next()) == (made.stands(4), None)


class Anything(RuleBasedStateMachine):
    """Any sequence of inputs, with every moment that the announcer names looked at, as its caller does."""

    @initialize()
    def begin(self) -> None:
        self.now = 0.0
        self.made = Announcer(DELAYS, 0)
        self.served_since: float | None = None
        """Since then each answer says that it is served."""
        self.silent_since: float | None = 0.0
        """Since then no answer says how it is."""
        self.wish_since: float | None = None
        self.wishes = {"standby": False, "operator": False, "end": False}
        self.fell = self.announced = False
        self.look()

    @rule(complete=st.booleans(), standby=st.booleans())
    def served(self, complete: bool, standby: bool) -> None:
        self.served_since = self.now if self.served_since is None else self.served_since
        self.silent_since = None
        self.wish(standby=standby)
        self.made.see(sight(UP, complete=complete, standby=standby), self.now)
        self.look()

    @rule(standby=st.booleans())
    def unserved(self, standby: bool) -> None:
        self.fall()
        self.silent_since = None
        self.wish(standby=standby)
        self.made.see(sight(DOWN, standby=standby), self.now)
        self.look()

    @rule()
    def missed(self) -> None:
        self.silent_since = self.now if self.silent_since is None else self.silent_since
        self.made.miss(self.now)
        self.look()

    @rule()
    def not_all_checked(self) -> None:
        self.silent_since = self.now if self.silent_since is None else self.silent_since
        self.wish(standby=False)
        self.made.see(sight(DOWN, complete=False), self.now)
        self.look()

    @rule(wanted=st.booleans())
    def held_back(self, wanted: bool) -> None:
        self.wish(operator=wanted)
        self.made.hold_back("wanted" * wanted, self.now)
        self.look()

    @rule(seconds=st.integers(1, 12).map(lambda halves: halves / 2))
    def time_passes(self, seconds: float) -> None:
        end = self.now + seconds
        while (moment := self.made.next()) is not None and moment <= end:
            assert moment > self.now, "it would be asked again and again"
            self.now = moment
            self.look()
        before, self.now = self.announced, end
        self.look()
        assert self.announced == before, "it changed at a moment that was not named"

    def wish(self, **wished: bool) -> None:
        self.wishes |= wished
        if not any(self.wishes.values()):
            self.wish_since = None
        elif self.wish_since is None:
            self.wish_since = self.now

    def fall(self) -> None:
        self.fell = self.fell or self.announced
        self.served_since = None

    def look(self) -> None:
        """Compare how the VIP is announced now with what holds of any announcer."""
        if self.silent_since is not None and self.now >= self.silent_since + DELAYS.grace:
            self.fall()
        stands = self.made.stands(self.now) or {}
        form = stands[VIP].form if VIP in stands else Form.WITHDRAWN
        if form.announced and not self.announced:
            assert self.silent_since is None, "announced on no answer"
            assert self.wish_since is None, "announced against a wish"
            assert not self.fell or self.now >= (self.served_since or 0) + DELAYS.hold, "announced before the hold time"
        if self.served_since is None:
            assert not form.announced, "announced although nobody serves, or nobody has said so for the time of grace"
        if self.wish_since is not None:
            assert form is not Form.ANNOUNCED, "announced as if nobody wished otherwise"
            assert not form.announced or self.now < self.wish_since + DELAYS.graceful, "announced for too long"
        if self.announced and not form.announced and self.served_since is not None:
            assert self.wish_since is not None
            assert self.now >= self.wish_since + DELAYS.graceful, "withdrawn without GRACEFUL_SHUTDOWN"
        self.announced = form.announced

    @invariant()
    def what_is_served_for_long_and_wanted_is_announced(self) -> None:
        known = self.served_since is not None and self.silent_since is None and self.made.stands(self.now) is not None
        if known and self.wish_since is None and self.now >= (self.served_since or 0) + DELAYS.hold:
            assert self.announced

    def teardown(self) -> None:
        """See that the end withdraws, whatever has happened."""
        if hasattr(self, "made"):
            self.wish(end=True)
            self.made.leave(self.now)
            self.look()
            self.now += DELAYS.graceful
            self.look()
            assert self.made.left
            assert not self.announced


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=100, stateful_step_count=25)
