"""Counting what the kernel was asked."""

import errno

from ldirectord_py.ipvs import wire
from ldirectord_py.ipvs.calls import Calls


def test_messages_are_counted_by_command_and_result():
    calls = Calls()
    question = wire.ask_services()
    calls.answered([question, question, wire.ask_info()], {1: errno.ESRCH, 2: 9999})
    assert calls.told.results == {("get_service", "ok"): 1, ("get_service", "esrch"): 1, ("get_info", "9999"): 1}


def test_each_part_of_a_dump_is_an_exchange_and_its_end_one_more():
    calls = Calls()
    assert list(calls.parts(iter(["one", "two"]), wire.ask_services())) == ["one", "two"]
    told = calls.told
    assert told.results == {("get_service", "ok"): 1}
    assert told.count == 3
    assert told.seconds > 0


def test_a_dump_that_is_given_up_is_no_success():
    calls = Calls()
    next(calls.parts(iter(["one", "two"]), wire.ask_services()))
    assert not calls.told.results
