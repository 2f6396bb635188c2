"""When what failed is tried again, and what comes back."""

from ipaddress import ip_address

from ldirectord_py.cluster.vips.attempts import LONGEST, OFTEN, Attempts, Recurrence
from ldirectord_py.system.supervision import Backoff

VIP, OTHER = ip_address("192.0.2.100"), ip_address("192.0.2.101")


def test_pauses_double_up_to_the_longest() -> None:
    pause = Backoff(0.2, 1.0)
    assert [pause.after(failures) for failures in range(1, 6)] == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert Backoff(1.0, LONGEST).after(10_000) == 30.0


def test_an_attempt_is_due_after_its_pause_and_what_succeeds_is_forgotten() -> None:
    attempts = Attempts()
    assert attempts.is_due(VIP, 0.0)
    assert attempts.failed(VIP, 10.0, Backoff(1.0, LONGEST)) == 0.0
    assert attempts.failed(VIP, 11.0, Backoff(1.0, LONGEST)) == 1.0
    assert (attempts.is_due(VIP, 12.9), attempts.is_due(VIP, 13.0)) == (False, True)
    assert (attempts.next_of([VIP, OTHER]), attempts.next_of([OTHER])) == (13.0, None)
    attempts.forget(VIP)
    assert (attempts.has_failed(VIP), attempts.next_of([VIP])) == (False, None)


def test_a_change_of_what_is_wanted_has_everything_be_tried_at_once() -> None:
    attempts = Attempts()
    attempts.failed(VIP, 10.0, Backoff(30.0, LONGEST))
    attempts.hasten()
    assert attempts.is_due(VIP, 10.1)


def test_what_is_undone_again_and_again_is_done_again_later_each_time() -> None:
    attempts, recurrence = Attempts(), Recurrence()
    waits = []
    for now in (0.0, 1.0, 2.0, 3.0, 4.0):
        attempts.forget(VIP)
        attempts.contested(VIP, now, recurrence.count(VIP, now))
        waits.append((attempts.next_of([VIP]) or now) - now)
    assert waits == [0.0, 0.0, 1.0, 2.0, 4.0]
    assert recurrence.lasts(VIP, 5.0)
    assert not recurrence.lasts(VIP, 100.0)
    assert recurrence.count(VIP, 100.0) == 1 < OFTEN
