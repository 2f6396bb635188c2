"""Bodies that are no JSON object are refused, with what is expected, wherever a body is taken."""

from pathlib import Path

import pytest

from tests.unit.api.asking import ask, serving

PLACES = {"/v1/commands": '{"command": "reload"}', "/v1/check?target=10.0.0.5:80@tcp:10.0.0.1:80": "{}"}


@pytest.mark.parametrize(("target", "example"), PLACES.items())
@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"", 400), (b"[]", 422), (b"3", 422), (b"[" * 60_000, 400), (b"\xff", 400)]
)
async def test_a_body_that_is_no_object_is_told_so(
    tmp_path: Path, target: str, example: str, body: bytes, status: int
) -> None:
    async with serving(tmp_path) as path:
        answer = await ask(path, target, "POST", body, Content_Type="application/json")
    assert answer.status == status
    kind = "JSON" if status == 400 else "a JSON object"
    assert answer.detail == f"the body is not {kind}, such as {example}"
