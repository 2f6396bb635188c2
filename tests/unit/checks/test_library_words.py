import pytest

from ldirectord_py.checks.library_words import evidence

SHOWN = ["Packet sequence number wrong - got 45 expected 0", "a frame of 17000 bytes", "unsupported mechanism: X"]
LEFT_OUT = [
    "",
    "'NoneType' object has no attribute 'decode'",
    "Authentication plugin 'b'dialog_x'' not configured",
    "(2034, 'x')",
    "('Received extra packet for auth method %r', 'x')",
    "invalid literal for int() with base 10: 'x'",
    "module 'pymysql._auth' has no attribute 'scramble_old_password'",
    "deque index out of range",
    "<class 'int'>",
    "<a.B object at 0x7f>",
    "Invalid input ConnectionInputs.RECV_DATA in state ConnectionState.CLOSED",
    "'utf-8' codec can't decode byte 0xff",
]


@pytest.mark.parametrize("message", SHOWN)
def test_what_is_about_the_answer_is_shown_as_the_library_s(message: str) -> None:
    assert evidence("lib", message) == f"; lib: '{message}'"


@pytest.mark.parametrize("message", LEFT_OUT)
def test_what_is_about_python_is_not(message: str) -> None:
    assert evidence("lib", message) == ""
