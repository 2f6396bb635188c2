"""The locks in requirements/ permit what pyproject.toml permits, and are good wherever packages come from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[2]
LOCKS = CHECKOUT / "requirements"
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
LIBRARIES = PROJECT["project"]["dependencies"]
EXTRAS = [wanted for extra in PROJECT["project"]["optional-dependencies"].values() for wanted in extra]
GROUPS = PROJECT["dependency-groups"]
HOLDS = {
    "run": LIBRARIES,
    "extras": LIBRARIES + EXTRAS,
    "build": GROUPS["build"],
    "dev": LIBRARIES + EXTRAS + GROUPS["dev"] + GROUPS["build"],
    "docs": GROUPS["docs"],
    "uv": GROUPS["uv"],
}


def locked(name: str) -> dict[str, str]:
    """Return the versions in a lock, by package."""
    text = LOCKS.joinpath(f"{name}.txt").read_text()
    return {
        canonicalize_name(package): version for package, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("name", HOLDS)
def test_a_lock_holds_all_that_is_asked_for_within_the_bounds(name: str) -> None:
    versions = locked(name)
    outside = [
        line
        for line, wanted in ((line, Requirement(line)) for line in HOLDS[name])
        if versions.get(canonicalize_name(wanted.name), "") not in wanted.specifier
    ]
    assert not outside, "run: make locks"


@pytest.mark.parametrize("name", HOLDS)
def test_all_locks_agree(name: str) -> None:
    everything = locked("docs") | locked("dev") | locked("uv")
    assert locked(name).items() <= everything.items(), "run: make locks"


@pytest.mark.parametrize("name", HOLDS)
def test_a_lock_has_a_hash_for_each_package_and_no_place_to_fetch_from(name: str) -> None:
    text = re.sub(r"\\\n", "", LOCKS.joinpath(f"{name}.txt").read_text())
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w.-]+==[^\s;]+( ; [^\\#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line)


def test_what_the_environment_cannot_build_by_itself_is_named() -> None:
    """The build of the project, and of what comes as source, uses what build.txt has: nothing is fetched besides."""
    wanted = [Requirement(line).name for line in PROJECT["build-system"]["requires"]]
    assert {canonicalize_name(name) for name in wanted} <= locked("build").keys()
