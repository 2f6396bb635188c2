from ldirectord_py.api.page.detail import commands, detail
from tests.unit.api.page.documents import NOW, down, drained, event, server, virtual


def test_a_server_is_told_with_its_causes_and_its_checks() -> None:
    failed = {"time": NOW - 1, "seconds": 0.1, "verdict": "down", "reason": "refused", "detail": "no"} | {
        "asked": "GET /",
        "count": 1,
    }
    passed = failed | {"time": NOW - 9, "verdict": "up", "reason": "ok", "detail": "", "count": 7}
    told = event(4, "real_down", "it is down", real="10.0.0.6:80", virtual="tcp:10.0.0.1:80", level="warning")
    found = detail(virtual(reals=[down()]), down(), {"checks": [passed, failed], "events": [told]}, NOW)
    assert [(step.who, step.text) for step in found.steps] == [
        ("Configuration", "Its weight is 1."),
        ("Check", "It is down: connection refused."),
    ]
    assert [(check.verdict, check.text, check.times) for check in found.exchanges] == [
        ("down", "No.", 1),
        ("up", "", 7),
    ]
    assert [(line.level, line.text) for line in found.events] == [("warning", "it is down")]
    assert ("Check", "http, every 10 s") in found.facts
    assert ("Out after", "the first failure") in found.facts
    assert found.plot is not None


def test_a_server_that_is_never_asked_has_no_interval() -> None:
    check = server()["check"] | {"interval": None}
    quiet = server(check=check, asked="", failurecount=3)
    found = detail(virtual(reals=[quiet], checktype="on"), quiet, {"checks": [], "events": []}, NOW)
    assert ("Check", "http (on)") in found.facts
    assert ("Out after", "3 failures in a row") in found.facts
    assert found.plot is None


def test_commands_are_offered_that_change_something() -> None:
    assert [name for name, _ in commands(server())] == ["drain", "maintain"]
    assert [name for name, _ in commands(drained())] == ["maintain", "enable"]
    by_weight = drained(admin=drained()["admin"] | {"kind": "weight", "weight": 0})
    assert [name for name, _ in commands(by_weight)] == ["drain", "maintain", "enable"]


def test_a_name_can_be_pasted_into_a_shell() -> None:
    odd = server("[2001:db8::5]:80")
    found = detail(virtual(reals=[odd]), odd, {"checks": [], "events": []}, NOW)
    assert found.argument == "'[2001:db8::5]:80@tcp:10.0.0.1:80'"
