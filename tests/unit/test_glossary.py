"""Every word of the glossary is where it says."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "glossary.md").read_text()
PLACES = re.findall(r"`([\w/]+\.py)`: ((?:`\w+`(?:, )?)+)", PAGE)


def names_in(path: Path) -> set[str]:
    """Return what the module *path* defines at its top."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


@pytest.mark.parametrize(("path", "names"), PLACES, ids=[path for path, _ in PLACES])
def test_a_word_is_where_the_glossary_says(path: str, names: str) -> None:
    assert set(re.findall(r"\w+", names)) <= names_in(ROOT / "ldirectord_py" / path)


def test_each_row_names_a_place_and_each_word_stands_once() -> None:
    rows = [row.split(" | ") for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith("| word")]
    words = [row[0].removeprefix("| ") for row in rows]

    assert [row for row in rows if len(row) != 3 or not re.search(r"`[\w/]+\.py`: `\w+`", row[2])] == []
    assert len(words) == len(set(words)) > 50


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w/]+\.py)`", ARCHITECTURE))))
def test_a_file_that_the_architecture_names_is_there(path: str) -> None:
    assert (ROOT / "ldirectord_py" / path).exists() or (ROOT / path).exists()
