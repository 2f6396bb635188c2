"""The API's document: it is one, it knows all that is served, and answers are as it says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ldirectord_py.api.application import application
from ldirectord_py.api.limits import ClientLimits, ConnectionLimiter
from ldirectord_py.api.openapi.document import document
from tests.unit.api.asking import ask, command, ports, serving

DOCUMENT = json.loads(json.dumps(document("1.2.3")))
ONE = "10.0.0.5:80@tcp:10.0.0.1:80"
NOT_DESCRIBED = {"/", "/metrics"}
"""The page, and a format of somebody else's."""


def valid(name: str, answer: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "$ref":
                yield each
            else:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_form_is_a_schema_and_is_used() -> None:
    forms = DOCUMENT["components"]["schemas"]
    for schema in forms.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert set(references(DOCUMENT)) == {f"#/components/schemas/{name}" for name in forms}


def test_all_that_is_served_is_in_it() -> None:
    app = application(ports(), ClientLimits(), ConnectionLimiter(ClientLimits()))
    served = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert {
        (path, method) for path, method in served if path not in NOT_DESCRIBED and not path.startswith("/page/")
    } == described


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/v1/status", "Status"),
        ("/v1/virtuals", "Virtuals"),
        ("/v1/virtuals?view=summary&state=down,unknown&filter=10.0", "Virtuals"),
        ("/v1/virtuals?view=names", "Virtuals"),
        ("/v1/virtuals/tcp:10.0.0.1:80", "Virtual"),
        ("/v1/reals", "Servers"),
        (f"/v1/reals?target={ONE}", "Servers"),
        (f"/v1/history?target={ONE}", "Histories"),
        ("/v1/events", "Events"),
        ("/v1/config", "Configuration"),
        ("/v1/plan", "Plan"),
        ("/v1/metrics-lite", "Numbers"),
    ],
)
async def test_answers_are_as_the_document_says(tmp_path: Path, target: str, name: str) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, target)
    assert answer.status == 200
    valid(name, answer.json)


async def test_what_a_command_answers_is_as_the_document_says(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        valid("Reloaded", (await command(path, command="reload")).json)
        valid("CarriedOut", (await command(path, command="weight", target=ONE, weight=3)).json)
        valid("Problem", (await command(path, command="drain", target="10.0.0.5:80")).json)
        traced = await ask(path, f"/v1/check?target={ONE}", "POST", b"{}", Content_Type="application/json")
        valid("Traces", traced.json)


async def test_the_configuration_is_shown_without_secrets(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, "/v1/config")
    (virtual,) = answer.json["virtuals"]
    assert (virtual["name"], virtual["file"], virtual["line"]) == ("tcp:10.0.0.1:80", "web.cf", 1)
    assert [(real["real"], real["line"], real["weight"]) for real in virtual["reals"]] == [("10.0.0.5:80", 2, 3)]
    assert b"hunter" not in answer.body
