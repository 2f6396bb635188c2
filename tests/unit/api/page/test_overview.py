from typing import Any

import pytest

from ldirectord_py.api.page.overview import MOST_PROBLEMS, Overview, OverviewBuilder
from tests.unit.api.page.documents import NOW, at_once, down, drained, health, server, status, virtual

TAKEN = {
    "address": "192.0.2.2",
    "state": "conflict",
    "held": False,
    "device": "eth0",
    "label": "",
    "since": NOW - 60,
    "trouble": "02:00:00:00:00:07 on eth0 has it",
}
UNREACHABLE = {"kind": "kernel", "reachable": False, "agrees": False}


async def stands(*virtuals: dict[str, Any], **daemon: Any) -> Overview:
    builder = OverviewBuilder(status(**daemon), NOW, {})
    for each in virtuals:
        await builder.add(each, at_once)
    return builder.overview()


@pytest.mark.parametrize(
    ("virtuals", "daemon", "level", "headline"),
    [
        ([], {}, "note", "No virtual service is configured."),
        ([virtual()], {}, "note", "No virtual service has a server."),
        ([virtual(reals=[server()])], {}, "good", "The only server is up."),
        ([virtual(reals=[server(), server("10.0.0.8:80")])], {}, "good", "All 2 servers are up."),
        (
            [virtual(reals=[server(), down()])],
            {},
            "warning",
            "1 of 2 servers is down; every virtual service is served.",
        ),
        (
            [virtual(reals=[down()], mode="fallback", fallback="127.0.0.1:80"), virtual(reals=[server()])],
            {},
            "warning",
            "1 of 2 servers is down; 1 virtual service lives on the fallback.",
        ),
        ([virtual(reals=[down()])], {}, "bad", "Nobody serves 10.0.0.1:80."),
        ([virtual(reals=[down()]), virtual("fwm:5", reals=[down()])], {}, "bad", "Nobody serves 2 virtual services."),
        (
            [virtual(reals=[server(), drained()])],
            {},
            "note",
            "1 server of 2 taken out on purpose; all others are up.",
        ),
        (
            [virtual(reals=[server(), server("10.0.0.9:80", status="unknown")])],
            {},
            "note",
            "1 server of 2 has not been checked yet.",
        ),
        (
            [virtual(reals=[server()])],
            {"table": UNREACHABLE},
            "bad",
            "The IPVS table cannot be reached: nothing that checks find is written.",
        ),
        ([virtual(reals=[server()])], {"vips": [TAKEN]}, "bad", "The VIP 192.0.2.2 is not here."),
        ([virtual(reals=[server()])], {"vips": [TAKEN, TAKEN]}, "bad", "2 VIPs are not here."),
    ],
)
async def test_the_headline_says_how_things_stand(
    virtuals: list[dict[str, Any]], daemon: dict[str, Any], level: str, headline: str
) -> None:
    found = await stands(*virtuals, **daemon)
    assert (found.headline, found.level) == (headline, level)


async def test_what_is_wrong_comes_first_and_worst_first() -> None:
    found = await stands(
        virtual(reals=[server(failures=1, detail="503"), drained()]),
        virtual("tcp:10.0.0.2:80", reals=[server(virtual="tcp:10.0.0.2:80"), down(virtual="tcp:10.0.0.2:80")]),
        virtual("tcp:10.0.0.3:80", reals=[down(virtual="tcp:10.0.0.3:80")]),
        refused_at=NOW - 60,
        refused=("ldirectord.cf:3: no such directive: reel",),
    )
    assert [(problem.word, problem.subject) for problem in found.wrong] == [
        ("unserved", "10.0.0.3:80"),
        ("config", "The configuration"),
        ("down", "10.0.0.6:80"),
    ]
    assert [problem.word for problem in found.worth_knowing] == ["failing", "draining"]
    assert "no such directive: reel" in found.wrong[1].text


async def test_servers_that_are_out_for_the_same_reason_are_told_as_one() -> None:
    reals = [server(), *(down(f"10.0.2.{number}:80", since=NOW - number) for number in range(1, 60))]
    (problem,) = (await stands(virtual(reals=reals))).wrong
    assert (problem.subject, problem.where, problem.states) == ("59 of 60 servers", "tcp:10.0.0.1:80", {"down"})
    assert problem.text == "Connection refused."
    assert problem.since is not None
    assert problem.since.words == "59 s"


async def test_certificates_that_end_are_told() -> None:
    soon = server(certificate_expires=NOW + 5.5 * 86400)
    over = server("10.0.0.8:80", certificate_expires=NOW - 86400)
    found = await stands(virtual(reals=[soon, over]))
    assert [problem.text for problem in found.wrong] == ["The certificate that it showed expired 24 h ago."]
    assert [problem.text for problem in found.worth_knowing] == ["The certificate that it showed ends in 5 d."]


async def test_so_many_problems_are_shown_and_the_others_counted() -> None:
    names = [f"tcp:10.1.{number}.1:80" for number in range(MOST_PROBLEMS + 7)]
    found = await stands(*(virtual(name, reals=[down(virtual=name)]) for name in names))
    assert (len(found.wrong), found.more) == (MOST_PROBLEMS, 7)


@pytest.mark.parametrize(
    ("state", "held", "grade", "where"),
    [
        ("conflict", False, "bad", "is not here"),
        ("foreign", True, "warning", "is here"),
        ("standby", False, "warning", "is not wanted here"),
    ],
)
async def test_a_vip_with_which_something_is_wrong_is_told(state: str, held: bool, grade: str, where: str) -> None:
    vip = {**TAKEN, "address": "10.0.0.1", "state": state, "held": held, "trouble": "eth0 has it"}
    found = await stands(virtual(reals=[server()]), vips=[vip, {**vip, "trouble": ""}])
    (problem,) = found.wrong
    told = problem.level, problem.word, problem.subject, problem.text
    assert told == (grade, "VIP", "10.0.0.1", f"It {where}: eth0 has it.")


async def test_the_daemons_own_troubles_are_told() -> None:
    found = await stands(virtual(reals=[server()]), healthy=False, table=UNREACHABLE | {"reachable": True})
    assert [problem.subject for problem in found.wrong] == ["The daemon", "The IPVS table"]


async def test_a_standby_says_so() -> None:
    role = {"role": "standby", "source": "/run/ldirectord.role", "since": NOW - 240}
    found = await stands(virtual(reals=[server()]), role=role)
    (problem,) = found.worth_knowing
    assert (problem.word, problem.subject, found.level) == ("standby", "This director", "note")
    assert problem.since is not None
    assert problem.since.words == "4 min"


async def test_what_is_wrong_elsewhere_is_counted_but_not_told() -> None:
    builder = OverviewBuilder(status(), NOW, {})
    await builder.add(virtual(reals=[server(), down()]), at_once, told=False)
    found = builder.overview()
    assert (found.headline, found.wrong, found.timeline.lanes) == (
        "1 of 2 servers is down; every virtual service is served.",
        (),
        (),
    )


async def test_a_server_that_was_down_and_is_up_again_has_its_lane() -> None:
    events = [health("up", "down", 600), health("down", "up", 300)]
    builder = OverviewBuilder(status(), NOW, {"10.0.0.5:80@tcp:10.0.0.1:80": events})
    await builder.add(virtual(reals=[server()]), at_once)
    (lane,) = builder.overview().timeline.lanes
    assert lane.words == "down for 5 min, from 14:03:20 to 14:08:20 UTC"
