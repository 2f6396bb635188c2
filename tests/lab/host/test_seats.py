"""Guests at a time: two for each processor, more while these have time, and never more than the memory bears."""

from contextlib import ExitStack

import pytest

from tests.lab.guests.seats import Seats, pressure


class Machine:
    """Two processors, and what a test says of them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: float | None = 0.0

    def seats(self, *, megabytes: int = 8192, fixed: int | None = None) -> Seats:
        return Seats(
            fixed=fixed, processors=(0, 1), megabytes=megabytes, pressure=lambda: self.waited, clock=lambda: self.now
        )

    def taken(self, seats: Seats, *, most: int = 100) -> int:
        """Take seats, a minute between two of them, and return how many there were."""
        with ExitStack() as stack:
            for count in range(most):
                if not seats.free():
                    return count
                stack.enter_context(seats.seat())
                self.now += 60
        return most


@pytest.mark.parametrize(
    ("waited", "megabytes", "guests"),
    [
        pytest.param(0.0, 8192, 6, id="idle"),
        pytest.param(24.9, 8192, 6, id="some work"),
        pytest.param(25.0, 8192, 4, id="busy"),
        pytest.param(None, 8192, 4, id="the kernel does not say"),
        pytest.param(0.0, 1600, 3, id="little memory"),
        pytest.param(0.0, 100, 1, id="next to no memory"),
    ],
)
def test_how_many_guests_begin(waited: float | None, megabytes: int, guests: int) -> None:
    machine = Machine()
    machine.waited = waited

    assert machine.taken(machine.seats(megabytes=megabytes)) == guests


def test_whoever_names_a_number_gets_it():
    machine = Machine()
    machine.waited = 100.0

    assert machine.taken(machine.seats(fixed=5)) == 5


def test_what_a_guest_takes_has_to_show_before_the_next_begins():
    machine = Machine()
    seats = machine.seats()
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(seats.seat())
        machine.now += 5
        assert not seats.free()

        machine.now += 10
        assert seats.free()


def test_a_seat_that_is_given_back_is_free_again():
    machine = Machine()
    machine.waited = 100.0
    seats = machine.seats()

    assert machine.taken(seats) == 4
    assert machine.taken(seats) == 4


def test_guests_are_spread_over_the_processors():
    seats = Machine().seats(fixed=4)
    with ExitStack() as stack:
        assert [stack.enter_context(seats.seat()) for _ in range(4)] == [0, 1, 0, 1]
    with seats.seat() as first, seats.seat() as second:
        assert (first, second) == (0, 1)


def test_the_kernel_says_how_busy_the_processors_are():
    waited = pressure()

    assert waited is None or 0 <= waited <= 100
