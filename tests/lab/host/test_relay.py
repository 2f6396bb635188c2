"""The relay from guests to the host's session, with a stand-in for the kernel that runs pytest right here."""

import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]

CONFTEST = """
import os
from pathlib import Path
from tests.lab.support.recorder import Recorder
from tests.lab.support.relay import Relay

def pytest_configure(config):
    config.addinivalue_line("markers", "lab: runs in a guest")
    if guest := os.environ.get("LAB_GUEST"):
        config.pluginmanager.register(Recorder(config, Path(guest, "reports.jsonl")))
    else:
        config.pluginmanager.register(Relay(config, Path(__file__).parent, lacking=lambda: {lacking}))
"""

KERNEL = """#!/bin/bash
echo "booting"
for word; do case $word in init=*) export LAB_GUEST=$(dirname "${word#init=}") ;; esac; done
%s
"""
RUNS_PYTEST = (
    f'exec {sys.executable} -m pytest -p no:cacheprovider -p no:xdist "@$LAB_GUEST/nodeids" >"$LAB_GUEST/printed" 2>&1'
)

TWO_MODULES = {
    "test_first": """
        import os

        def test_runs_elsewhere():
            assert "LAB_GUEST" in os.environ

        def test_fails():
            print("what it printed")
            value = 41
            assert value == 42

        def test_after_it(): pass
    """,
    "test_second": "def test_alone(): pass",
}


@pytest.fixture
def lab(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("LAB_REQUIRED", raising=False)
    pytester.makeconftest(CONFTEST.format(lacking=[]))
    pytester.makepyfile(**TWO_MODULES)
    boot(pytester, monkeypatch, RUNS_PYTEST)
    return pytester


def boot(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    kernel = pytester.path / "kernel"
    kernel.write_text(KERNEL % what)
    kernel.chmod(0o755)
    monkeypatch.setenv("LAB_KERNEL", str(kernel))


def run(lab: pytest.Pytester, *words: str) -> pytest.RunResult:
    return lab.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist", *words)


EVERY_OUTCOME = """
import pytest

@pytest.fixture
def broken():
    raise OSError("no such server")

def test_passes(): pass
def test_fails(): assert 41 == 42
def test_is_skipped(): pytest.skip("it does not apply here")
def test_is_skipped_too(): pytest.skip("it does not apply here")
@pytest.mark.skipif(True, reason="nor does this")
def test_is_skipped_from_the_start(): pass
@pytest.mark.xfail(reason="a known fault")
def test_fails_as_expected(): assert 41 == 42
@pytest.mark.xfail(reason="a known fault", strict=False)
def test_passes_unexpectedly(): pass
def test_has_no_server(broken): pass
"""


def test_every_outcome_is_shown_as_pytest_does_and_summed_up(lab: pytest.Pytester) -> None:
    lab.makepyfile(test_outcomes=EVERY_OUTCOME)
    result = run(lab, "-rA", "test_outcomes.py")
    result.assert_outcomes(passed=1, failed=1, skipped=3, xfailed=1, xpassed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*no such server*",
            "SKIPPED [[]1[]] test_outcomes.py:9: it does not apply here",
            "SKIPPED [[]1[]] test_outcomes.py:10: it does not apply here",
            "SKIPPED [[]1[]] test_outcomes.py:*: nor does this",
            "XFAIL test_outcomes.py::test_fails_as_expected - a known fault*",
            "XPASS test_outcomes.py::test_passes_unexpectedly - a known fault*",
            "ERROR test_outcomes.py::test_has_no_server - OSError: no such server",
            "FAILED test_outcomes.py::test_fails - assert 41 == 42*",
        ],
        consecutive=False,
    )
    assert "INTERNALERROR" not in result.stdout.str()


def test_each_test_is_shown_as_if_it_had_run_here(lab: pytest.Pytester) -> None:
    result = run(lab, "-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "test_first.py::test_runs_elsewhere PASSED*",
            "test_first.py::test_fails FAILED*",
            "test_first.py::test_after_it PASSED*",
            "test_second.py::test_alone PASSED*",
            ">       assert value == 42",
            "*Captured stdout call*",
            "what it printed",
        ]
    )


def test_a_single_test_can_be_chosen(lab: pytest.Pytester) -> None:
    run(lab, "test_first.py::test_after_it").assert_outcomes(passed=1)
    run(lab, "-k", "alone or elsewhere").assert_outcomes(passed=2, deselected=2)


def test_the_session_stops_at_the_first_failure_if_asked_to(lab: pytest.Pytester) -> None:
    run(lab, "-x").assert_outcomes(passed=1, failed=1)


def test_a_guest_that_dies_fails_the_tests_it_owes_with_its_last_words(
    lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.makepyfile(
        test_first="import os\ndef test_good(): pass\ndef test_dies(): os._exit(1)\ndef test_never(): pass\n"
    )
    boot(lab, monkeypatch, f"{RUNS_PYTEST.removeprefix('exec ')}\necho Kernel panic; exit 3")
    result = run(lab)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        ["No report of this test came: the guest ended after * s with status 3.", "Kernel panic"]
    )


def test_a_guest_that_takes_too_long_is_ended(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    boot(lab, monkeypatch, "exec sleep 1000")
    monkeypatch.setenv("LAB_SECONDS", "0.5")
    result = run(lab, "test_second.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["No report of this test came: the guest was ended at its time limit of 0.5 s*"])


def test_what_cannot_run_is_left_out_with_one_line(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.makeconftest(CONFTEST.format(lacking=["root's rights"]))
    result = run(lab)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["left out: 4 tests of the lab; it needs root's rights: as root, tests/install-debian*"]
    )
    monkeypatch.setenv("LAB_REQUIRED", "1")
    result = run(lab)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*LAB_REQUIRED=1, but the lab cannot run: it needs root's rights*"])
