"""Functions are short, files can be read in one go, folders have few of them, and imports are what they seem."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("ldirectord_py", "docs", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
PACKAGE = sorted((ROOT / "ldirectord_py").rglob("*.py"))
FOLDERS = sorted({path.parent for path in FILES})
LONGEST_FUNCTION, MEDIAN_FUNCTION, LONGEST_FILE, MOST_FILES = 50, 7, 350, 20


def functions(path: Path) -> dict[str, int]:
    """Return how many lines the functions of the file *path* have."""
    tree = ast.parse(path.read_text())
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_are_short() -> None:
    lengths = {name: lines for path in FILES for name, lines in functions(path).items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
    assert median(lines for path in PACKAGE for lines in functions(path).values()) <= MEDIAN_FUNCTION


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_has_few_files(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= MOST_FILES


def test_nothing_is_imported_for_types_alone() -> None:
    everywhere = [*FILES, *(path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))]
    assert [str(path.relative_to(ROOT)) for path in everywhere if "TYPE_CHECKING" in path.read_text()] == []


@pytest.mark.parametrize("folder", sorted({path.parent for path in PACKAGE}), ids=lambda folder: folder.name)
def test_a_folder_of_the_package_says_what_lives_in_it(folder: Path) -> None:
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))


TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")


def types_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the names of classes and aliases of the file *path* that are not private to it, each with what it means.

    That is the file, for a class; an alias means what it stands for, so that two of them may say the same.
    """
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and TYPE_NAME.fullmatch(node.name):
            yield node.name, f"{path.relative_to(ROOT / 'ldirectord_py')}:{node.lineno}"
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=value) if TYPE_NAME.fullmatch(name):
                yield name, ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value) if TYPE_NAME.fullmatch(name):
                yield name, ast.unparse(value)


def test_the_name_of_a_type_means_one_thing() -> None:
    """Who reads a name, or looks for it, has one thing to think of, whichever room it is met in."""
    meanings: dict[str, set[str]] = {}
    for path in PACKAGE:
        for name, meaning in types_of(path):
            meanings.setdefault(name, set()).add(meaning)
    assert len(meanings) > 700
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


EXCEPTION = re.compile(r"# (?:noqa|type: ignore|pragma)\b")
REASONED = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])\s*[-#(]+ ?\S")


def test_an_exception_from_a_rule_says_why() -> None:
    lines = {f"{path.relative_to(ROOT)}: {line.strip()}" for path in FILES for line in path.read_text().splitlines()}
    assert sorted(line for line in lines if EXCEPTION.search(line) and not REASONED.search(line)) == []
