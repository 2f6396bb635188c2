"""Unit tests lie where the code lies that they are about, and the tests that pages name exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests" / "unit"
FOLDERS = sorted({path.parent.relative_to(TESTS) for path in TESTS.rglob("*.py")})
MOST_FILES = 20
PAGES = sorted(ROOT.glob("docs/*.md"))
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?")


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_folder_of_tests_has_a_counterpart_and_few_files(folder: Path) -> None:
    assert (ROOT / "ldirectord_py" / folder).is_dir()
    assert len(list((TESTS / folder).glob("*.py"))) <= MOST_FILES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tests_that_a_page_names_exist(page: Path) -> None:
    missing = [
        f"{path}::{name}"
        for path, name in NAMED.findall(page.read_text())
        if not (ROOT / path).is_file() or (name and f"def {name}(" not in (ROOT / path).read_text())
    ]
    assert not missing
