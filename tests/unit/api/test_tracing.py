"""Checks that are followed over the API."""

from pathlib import Path

import pytest

from tests.unit.api.asking import ask, serving


async def test_a_check_is_told_step_by_step_as_the_document_says(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(
            path, "/v1/check?target=10.0.0.5:80@tcp:10.0.0.1:80", "POST", b"{}", Content_Type="application/json"
        )
    (real,) = answer.json["reals"]

    assert answer.status == 200
    assert real["name"] == "10.0.0.5:80@tcp:10.0.0.1:80"
    assert (real["verdict"], real["reason"], real["detail"]) == ("down", "status", "no")
    assert real["steps"][0] == {"at": 0.0, "what": "send", "text": "hello", "bytes": 5}


@pytest.mark.parametrize(
    ("query", "status", "candidates"),
    [("?target=both", 409, ["one", "other"]), ("?target=nobody", 404, []), ("", 422, None), ("?target=", 422, None)],
)
async def test_a_name_that_means_no_server_is_a_problem(
    tmp_path: Path, query: str, status: int, candidates: list[str] | None
) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, f"/v1/check{query}", "POST", b"{}", Content_Type="application/json")
    assert answer.status == status
    assert answer.detail
    assert answer.json.get("candidates") == candidates
