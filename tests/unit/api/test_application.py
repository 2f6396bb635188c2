"""The API over its unix socket."""

from pathlib import Path

import pytest

from tests.unit.api.asking import Director, ask, command, serving
from tests.unit.observers import happenings as the


async def test_the_status_says_what_runs_and_who_asks(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, "/v1/status")
    assert answer.status == 200
    assert answer.json["pid"] == 801
    assert (answer.json["virtuals"], answer.json["served"]) == (2, 2)
    assert answer.json["servers"] == {
        "total": 3,
        "up": 1,
        "down": 1,
        "draining": 0,
        "maintenance": 0,
        "unknown": 1,
    }
    assert answer.json["you"]["may_write"] is True


@pytest.mark.parametrize(("view", "shown"), [("full", ["10.0.0.5:80", "10.0.0.6:80"]), ("summary", ["10.0.0.6:80"])])
async def test_virtual_services_are_shown_with_their_servers(tmp_path: Path, view: str, shown: list[str]) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, f"/v1/virtuals?view={view}")
    web, mark = answer.json["virtuals"]
    assert (web["name"], web["label"], web["servers"]["up"]) == ("tcp:10.0.0.1:80", "10.0.0.1:80", 1)
    assert [real["real"] for real in web["reals"]] == shown
    assert (mark["name"], mark["reals"][0]["name"]) == ("fwm6:5", "[fd00::5]:0@fwm6:5")
    assert (web["rates"], mark["rates"]) == ({"connections": 12, "bytes_in": 3400, "bytes_out": 0}, None)


async def test_names_alone_are_shown_to_those_who_complete_a_line(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, "/v1/virtuals?view=names")
    web, mark = answer.json["virtuals"]
    assert web["reals"][0] == {"name": "10.0.0.5:80@tcp:10.0.0.1:80", "real": "10.0.0.5:80"}
    assert mark == {"name": "fwm6:5", "label": "5", "reals": [{"name": "[fd00::5]:0@fwm6:5", "real": "[fd00::5]:0"}]}
    async with serving(tmp_path, Director(the.snapshot())) as path:
        assert (await ask(path, "/v1/virtuals?view=names")).json == {"virtuals": []}


async def test_one_virtual_service_is_shown_by_its_name(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, "/v1/virtuals/fwm6:5")
        assert answer.json["name"] == "fwm6:5"
        assert (await ask(path, "/v1/virtuals/tcp:10.9.9.9:80")).status == 404


async def test_no_virtual_service_is_an_empty_list(tmp_path: Path) -> None:
    async with serving(tmp_path, Director(the.snapshot())) as path:
        assert (await ask(path, "/v1/virtuals")).json == {"virtuals": []}
        assert (await ask(path, "/v1/reals")).json == {"reals": []}


async def test_a_reload_is_told_who_asked_for_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await command(path, command="reload", force=True)
    (note,) = answer.json["notes"]
    assert note.startswith("force True by ")
    assert "(pid " in note


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [("/nothing", "GET", 404), ("/v1/status", "POST", 405), ("/v1/commands", "GET", 405)],
)
async def test_what_is_not_there_is_a_problem(tmp_path: Path, target: str, method: str, status: int) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, target, method)
    assert answer.status == status
    assert target in answer.detail


@pytest.mark.parametrize("query", ["view=full&view=names", "state=", "state=up,", "state=lost", "view=all"])
async def test_a_query_that_means_nothing_is_refused(tmp_path: Path, query: str) -> None:
    async with serving(tmp_path) as path:
        assert (await ask(path, f"/v1/virtuals?{query}")).status == 400


@pytest.mark.parametrize(("method", "target"), [("GET", "/v0/status"), ("POST", "/v2/commands")])
async def test_a_client_of_another_version_is_told_which_one_is_spoken(
    tmp_path: Path, method: str, target: str
) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, target, method)
        nothing = await ask(path, "/v1/nothing")
    assert answer.status == nothing.status == 404
    assert answer.detail == (
        f"this daemon speaks version 1 of the API, and not {target[2]}: "
        "use the client that came with it, or ask below /v1/"
    )
    assert nothing.detail == "there is nothing at /v1/nothing; /v1/openapi.json says what there is"


async def test_what_a_reload_would_change_is_shown_with_what_it_ends(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, "/v1/plan")
    assert answer.json["problems"] == ["web.cf:3: no such directive"]
    (change,) = answer.json["changes"]
    assert (change["when"], change["action"], change["connections"]) == ("now", "remove_service", 7)
    assert change["servers"] == 2
    assert [each["real"] for each in answer.json["believed"]] == [str(the.OTHER.real)]
    assert answer.json["maintenance"] == [{"virtual": "tcp:10.0.0.1:80", "real": "10.0.0.5:80", "file": "10.0.0.5"}]
    assert (answer.json["untouched"], answer.json["advice"]) == ([str(the.MARK6)], ["a setting"])
    assert answer.json["refusal"] == "a reload would take away too much"
    assert (change["virtual"], change["before"]["scheduler"], change["after"]) == ("tcp:10.0.0.1:80", "wlc", None)
