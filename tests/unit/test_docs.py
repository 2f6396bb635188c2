"""The reference pages say what the code says, and their examples load."""

import re
from pathlib import Path

import pytest

from docs.generate import HERE, PAGES, check_pages
from ldirectord_py.checks.registry import SERVICES
from ldirectord_py.config.grammar.directive import Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.load import parse
from ldirectord_py.model.checks.check_options import CheckType
from tests.peers.certificates import Authority

CHECKS = sorted({page for _, page in check_pages()})
HEADINGS = ["What counts as success", "Directives", "Example", "Differences from the original"]
EXAMPLE = re.compile(r"^```\n(virtual6?=.*?)^```$", re.MULTILINE | re.DOTALL)
DIRECTIVE = re.compile(r"`([^`]+)`")
DIFFERENCE = re.compile(r"\*([^*]+)\*")


def sections(page: str) -> dict[str, str]:
    """Return what a page of docs/checks says, by its headings."""
    _, *parts = HERE.joinpath("checks", page).read_text().split("\n## ")
    return dict(part.split("\n", 1) for part in parts)


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert HERE.joinpath(name).read_text() == PAGES[name](), "run: .venv/bin/python docs/generate.py"


def test_every_service_and_checktype_has_one_page() -> None:
    names = [name for name, _ in check_pages()]
    assert sorted(names) == sorted({*SERVICES, *CheckType} - {CheckType.NEGOTIATE})


@pytest.mark.parametrize("page", CHECKS)
def test_the_pages_of_checks_have_one_shape(page: str) -> None:
    before, headings = list(sections(page))[: -len(HEADINGS)], list(sections(page))[-len(HEADINGS) :]
    assert headings == HEADINGS
    assert before in ([], ["What is sent"], ["What is run"])


@pytest.mark.parametrize("page", CHECKS)
def test_an_example_is_a_configuration_of_what_its_page_is_about(page: str) -> None:
    (example,) = EXAMPLE.findall(sections(page)["Example"])
    config = parse(example.encode(), page)
    assert not config.warnings
    (virtual,) = config.virtuals
    titles = {name for name, of in check_pages() if of == page}
    assert titles & {virtual.check_options.service, virtual.check_options.checktype}, (
        virtual.check_options.service,
        virtual.check_options.checktype,
    )


@pytest.mark.parametrize("page", CHECKS)
def test_the_directives_of_a_page_exist(page: str) -> None:
    cells = [line.split("|")[1] for line in sections(page)["Directives"].splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in DIRECTIVE.findall(cell)}
    assert named <= rows(Scope.SECTION).keys()


@pytest.mark.parametrize("page", CHECKS)
def test_a_difference_that_is_named_is_in_the_list_of_differences(page: str) -> None:
    lines = sections(page)["Differences from the original"].splitlines()
    named = {name for line in lines for name in DIFFERENCE.findall(line)}
    listed = {
        line.split("|")[1].strip()
        for line in HERE.joinpath("coming-from-perl.md").read_text().splitlines()
        if "|" in line
    }
    assert named <= listed


@pytest.mark.parametrize("name", ["tls.md", "source.md"])
def test_a_pages_example_loads_without_a_word(name: str, tmp_path: Path) -> None:
    authority = Authority()
    issued = authority.ca.issue_cert("director.example.org")
    (tmp_path / "internal-ca.pem").write_bytes(authority.ca.cert_pem.bytes())
    (tmp_path / "director.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    (tmp_path / "director.key").write_bytes(issued.private_key_pem.bytes())
    (example,) = re.findall(r"^```\n(.*?)^```", HERE.joinpath(name).read_text(), re.MULTILINE | re.DOTALL)

    config = parse(example.replace("/etc/ha.d/tls", str(tmp_path)).encode(), name)

    assert len(config.virtuals) == 3
    assert config.warnings == ()


def test_the_first_pages_example_loads_without_a_word() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", HERE.parent.joinpath("README.md").read_text(), re.MULTILINE | re.DOTALL)
    (example,) = (block for block in blocks if "virtual = " in block)

    config = parse(example.encode(), "README.md")

    assert [len(virtual.reals) for virtual in config.virtuals] == [2]
    assert config.warnings == ()


def test_every_page_is_in_the_list_of_the_manual() -> None:
    listed = set(re.findall(r"^- \[[^]]+\]\(([^)]+)\)", HERE.joinpath("README.md").read_text(), re.MULTILINE))
    found = {str(page.relative_to(HERE)) for folder in (HERE, HERE / "ha") for page in folder.glob("*.md")}
    assert listed == found - {"README.md"} | {"checks/README.md", "../CONTRIBUTING.md"}
