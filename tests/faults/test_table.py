"""docs/security.md: each fault in its table is shown by a test that is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", ROOT.joinpath("docs/security.md").read_text())


def test_the_table_names_tests() -> None:
    assert len(NAMED) >= 25
    assert len(set(NAMED)) == len(NAMED)


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_the_test_of_a_fault_is_there(path: str, name: str) -> None:
    tree = ast.parse(ROOT.joinpath(path).read_text())
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in functions
