"""Commands over the API: what they may say, who is told to have given them, and that each is carried out once."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ldirectord_py.model.commands import Drain, Enable, Maintain, SetWeight, target_name
from tests.unit.api.asking import Director, ask, command, serving
from tests.unit.observers import happenings as the

UNTIL = time.time() + 3600
ONE, ALL = target_name(the.REAL), target_name(the.WEB)


async def test_a_drain_says_what_it_has_changed(tmp_path: Path) -> None:
    director = Director()
    async with serving(tmp_path, director) as path:
        answer = await command(path, command="drain", target=ONE, reason="disk \x1b[31m", until=UNTIL)
    assert answer.status == 200
    (real,) = answer.json["reals"]
    assert (real["name"], real["before"]) == (ONE, None)
    assert (real["after"]["kind"], real["after"]["reason"], real["after"]["until"]) == (
        "drain",
        "disk \\x1b[31m",
        UNTIL,
    )
    assert real["after"]["by"].startswith("root (pid ") or "(pid " in real["after"]["by"]
    assert answer.json["notes"] == ["a note"]
    ((given, force),) = director.commands
    assert isinstance(given, Drain)
    assert (given.target, force) == (the.REAL, False)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"command": "maintain", "for": 60}, Maintain),
        ({"command": "enable"}, Enable),
        ({"command": "weight", "weight": 7}, SetWeight),
        ({"command": "weight", "weight": 7.0}, SetWeight),
    ],
)
async def test_each_command_is_handed_on(tmp_path: Path, asked: dict[str, Any], kind: type) -> None:
    director = Director()
    async with serving(tmp_path, director) as path:
        answer = await command(path, target=ALL, **asked)
    assert answer.json["done"] is True
    ((given, _),) = director.commands
    assert isinstance(given, kind)


async def test_a_check_is_wanted_soon(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await command(path, command="check", target=ALL)
    assert [real["name"] for real in answer.json["reals"]] == [ONE, target_name(the.OTHER)]


@pytest.mark.parametrize(
    ("asked", "status", "sentence"),
    [
        ({}, 422, '"command": expected one of drain'),
        ({"command": "dance"}, 422, '"command": expected one of drain'),
        ({"command": ["drain"]}, 422, '"command": expected one of drain'),
        ({"command": "drain"}, 422, '"target": expected the name'),
        ({"command": "drain", "target": 5}, 422, '"target": expected the name'),
        ({"command": "drain", "target": ONE, "speed": 5}, 422, '"speed": drain does not take this; it takes command'),
        ({"command": "drain", "target": ONE, "force": "yes"}, 422, '"force": expected true or false'),
        (
            {"command": "drain", "target": ONE, "reason": "x" * 201},
            422,
            '"reason": expected a text of at most 200 characters, but got 201',
        ),
        ({"command": "drain", "target": ONE, "for": -1}, 422, '"for": expected seconds, but got -1'),
        ({"command": "drain", "target": ONE, "for": 1e300}, 422, '"for": expected 10 years at most'),
        ({"command": "drain", "target": ONE, "for": 10**400}, 422, '"for": expected 10 years at most'),
        ({"command": "drain", "target": ONE, "until": 10**400}, 409, '"until": expected a time within the next'),
        ({"command": "drain", "target": ONE, "for": 1, "until": 2}, 422, 'expected "for" or "until", not both'),
        ({"command": "drain", "target": ONE, "until": True}, 422, '"until": expected seconds, but got true'),
        ({"command": "drain", "target": ONE, "for": None}, 422, '"for": expected seconds, but got null'),
        ({"command": "weight", "target": ONE}, 422, '"weight": expected a whole number from 0 to 65,535, but got null'),
        ({"command": "weight", "target": ONE, "weight": 1.5}, 422, '"weight": expected a whole number'),
        (
            {"command": "weight", "target": ONE, "weight": 65536},
            422,
            '"weight": expected a whole number from 0 to 65,535, but got 65536',
        ),
        ({"command": "reload", "target": ONE}, 422, '"target": reload does not take this; it takes'),
        ({"command": "enable", "target": ONE, "until": 5}, 422, '"until": enable does not take this'),
        ({"command": "drain", "target": "web9"}, 404, "nobody is called web9"),
        ({"command": "drain", "target": "10.0.0.5:80"}, 409, "10.0.0.5:80 may mean any of 2: a, b"),
        ({"command": "drain", "target": ALL}, 409, "nobody would serve tcp:10.0.0.1:80 any more"),
    ],
)
async def test_what_is_no_command_changes_nothing(
    tmp_path: Path, asked: dict[str, Any], status: int, sentence: str
) -> None:
    director = Director()
    async with serving(tmp_path, director) as path:
        answer = await command(path, **asked)
    assert answer.status == status
    assert answer.detail.startswith(sentence)
    assert director.commands == []


async def test_a_body_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, "/v1/commands", "POST", b" " * 70_000, Content_Type="application/json")
    assert answer.status == 413


async def test_problems_have_names_for_programs_and_candidates(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        ambiguous = await command(path, command="drain", target="10.0.0.5:80")
        last = await command(path, command="drain", target=ALL)
        forced = await command(path, command="drain", target=ALL, force=True)
    assert (ambiguous.json["type"], ambiguous.json["candidates"]) == ("urn:ldirectord:problem:ambiguous", ["a", "b"])
    assert (last.json["type"], last.json["virtuals"]) == ("urn:ldirectord:problem:last-server", ["tcp:10.0.0.1:80"])
    assert forced.status == 200


async def test_the_same_key_again_is_the_same_answer_and_is_not_done_twice(tmp_path: Path) -> None:
    director = Director()
    body = json.dumps({"command": "drain", "target": ONE}).encode()
    headers = {"Content_Type": "application/json", "Idempotency_Key": "4711"}
    async with serving(tmp_path, director) as path:
        answers = [await ask(path, "/v1/commands", "POST", body, **headers) for _ in range(3)]
        other = await ask(path, "/v1/commands", "POST", body.replace(b"drain", b"enable"), **headers)
    assert [answer.body for answer in answers] == [answers[0].body] * 3
    assert len(director.commands) == 1
    assert other.detail == "this Idempotency-Key was for another command"


async def test_whoever_sends_a_command_again_while_it_is_carried_out_waits_for_its_answer(tmp_path: Path) -> None:
    class Slow(Director):
        reloads = 0

        async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
            self.reloads += 1
            await go_on.wait()
            return await super().reload(force=force, by=by)

    director, go_on = Slow(), asyncio.Event()
    headers = {"Content_Type": "application/json", "Idempotency_Key": "k"}
    async with serving(tmp_path, director) as path, asyncio.TaskGroup() as tasks:
        asking = [
            tasks.create_task(ask(path, "/v1/commands", "POST", b'{"command": "reload"}', **headers)) for _ in range(3)
        ]
        while not director.reloads:
            await asyncio.sleep(0)
        go_on.set()
        answers = [await each for each in asking]
    assert {answer.status for answer in answers} == {200}
    assert director.reloads == 1
