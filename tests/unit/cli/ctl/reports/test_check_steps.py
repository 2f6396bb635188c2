"""A check step by step, in words."""

from typing import Any

from ldirectord_py.cli.blocks import Plain
from ldirectord_py.cli.ctl.reports.check_steps import checked


def step(at: float, what: str, text: str, **more: int) -> dict[str, Any]:
    return {"at": at, "what": what, "text": text, **more}


STEPS = [
    step(0.0, "ask", "GET http://10.0.0.5/"),
    step(0.0002, "connect", "to 10.0.0.5:80 over tcp"),
    step(0.001, "tls", "handshake begins"),
    step(0.002, "send", r"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes=27),
    step(0.0123, "receive", r"HTTP/1.1 404 Not Found\r\n\r\n", bytes=26),
    step(0.0124, "receive", "the end of the stream"),
    step(0.0125, "judge", "down: 404"),
]
DOWN = {"name": "one", "verdict": "down", "reason": "status", "detail": "404", "seconds": 0.0123, "steps": STEPS}
UNCHECKED = {"name": "two", "verdict": None, "steps": [step(0.0, "judge", "this server is not checked: …")]}


def test_each_line_that_was_said_has_a_row_and_a_direction() -> None:
    assert Plain().written(checked([DOWN])).splitlines() == [
        "one",
        "   0.0 ms     GET http://10.0.0.5/",
        "   0.2 ms     to 10.0.0.5:80 over tcp",
        "   1.0 ms     tls: handshake begins",
        r"   2.0 ms  →  GET / HTTP/1.1\r\n",
        r"              Host: x\r\n",
        r"              \r\n",
        r"  12.3 ms  ←  HTTP/1.1 404 Not Found\r\n",
        r"              \r\n",
        "  12.4 ms  ←  the end of the stream",
        "  down after 12.3 ms: 404",
    ]


def test_a_server_that_is_not_checked_has_a_sentence_of_its_own() -> None:
    text = Plain().written(checked([DOWN, UNCHECKED]))
    assert text.endswith("\n\ntwo\n  this server is not checked: …\n")


def test_nothing_of_an_empty_piece_is_lost() -> None:
    found = {**DOWN, "steps": [step(0.0, "receive", "", bytes=3), step(0.0, "judge", "down: 404")]}
    assert "0.0 ms  ←" in Plain().written(checked([found]))
