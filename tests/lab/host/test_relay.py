"""The relay from guests to the host's session, with a stand-in for the kernel that runs pytest right here."""

import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]

CONFTEST = """
import os
from pathlib import Path
from tests.lab.guests import recorder, relay

def pytest_configure(config):
    for marker in ("lab", "guest(name)", "kernel(name)", "long"):
        config.addinivalue_line("markers", marker)
    if guest := os.environ.get("LAB_GUEST"):
        recorder.register(config, Path(guest))
    else:
        relay.register(config, Path(__file__).parent, lacking=lambda: {lacking}, prepare=lambda root: None)
"""

# It writes a line for each guest to the file `boots`.
KERNEL = """#!/bin/bash
echo "booting" | tee -a boots
for word; do case $word in init=*) export LAB_GUEST=$(dirname "${word#init=}") ;; esac; done
%s
"""
RUNS_PYTEST = (
    'touch "$LAB_GUEST/console"; '
    f'exec {sys.executable} -m pytest -p no:cacheprovider "@$LAB_GUEST/modules" >"$LAB_GUEST/printed" 2>&1'
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
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # those of this project take longer to load than all else
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_timeout")
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
    return lab.runpytest_subprocess("-p", "no:cacheprovider", *words)


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
    boot(lab, monkeypatch, f"{RUNS_PYTEST.replace('exec ', '')}\necho Kernel panic; exit 3")
    result = run(lab)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        ["No report of this test came: the guest ended after * s with status 3.", "Kernel panic"]
    )


def boots(lab: pytest.Pytester) -> int:
    return lab.path.joinpath("boots").read_text().count("booting")


def test_a_guest_takes_one_group_after_another(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_GUESTS", "1")
    run(lab).assert_outcomes(passed=3, failed=1)
    assert boots(lab) == 1


GROUPS = """
import pytest

NAMES = [pytest.param(name, marks=pytest.mark.guest(name[0])) for name in ("a1", "b1", "a2", "b2")]
seen = []

@pytest.fixture(scope="session")
def opened():
    seen.append("opened")
    yield
    seen.append("closed")

@pytest.mark.parametrize("name", NAMES)
def test_alike(opened, name):
    seen.append(name)
    if name == "b2":
        assert seen == ["opened", "a1", "a2", "closed", "opened", "b1", "b2"]
"""


def test_every_fixture_ends_with_its_group(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_GUESTS", "1")
    lab.makepyfile(test_groups=GROUPS)
    run(lab, "test_groups.py").assert_outcomes(passed=4)
    assert boots(lab) == 1


def test_a_guest_that_dies_costs_only_the_group_that_it_was_on(
    lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_GUESTS", "1")
    lab.makepyfile(
        test_first="def test_good(): pass",
        test_second="import os\ndef test_dies(): os._exit(1)",
        test_third="def test_as_well(): pass",
    )
    result = run(lab)
    result.assert_outcomes(passed=2, failed=1)
    assert boots(lab) == 2


def test_a_guest_that_never_begins_costs_one_group(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_GUESTS", "1")
    second = f'[ $(wc -l <boots) -lt 2 ] && {{ touch "$LAB_GUEST/console"; exit 3; }}; {RUNS_PYTEST}'
    boot(lab, monkeypatch, second)
    lab.makepyfile(test_first="def test_good(): pass", test_second="def test_good(): pass")
    result = run(lab, "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["test_first.py::test_good FAILED*", "test_second.py::test_good PASSED*"])


def test_whoever_needs_a_kernel_for_itself_gets_it(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_GUESTS", "1")
    alone = "import pytest\npytestmark = pytest.mark.kernel('{}')\ndef test_alone(): pass"
    lab.makepyfile(
        test_first="def test_shared(): pass",
        test_second=alone.format("own"),
        test_third=alone.format("own"),
        test_fourth=alone.format("another"),
    )
    run(lab).assert_outcomes(passed=4)
    assert boots(lab) == 3


def test_a_failure_stops_no_other_group_that_comes_before_it(
    lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_GUESTS", "1")
    lab.makepyfile(
        test_first="def test_good(): pass",
        test_second="import pytest\npytestmark = pytest.mark.long\ndef test_bad(): assert False\ndef test_more(): pass",
        test_third="def test_never(): pass",
    )
    run(lab, "-x").assert_outcomes(passed=1, failed=1)


def test_a_module_that_only_guests_cannot_import_says_why(lab: pytest.Pytester) -> None:
    lab.makepyfile(test_first="import os\nassert 'LAB_GUEST' not in os.environ, 'not in here'\ndef test_good(): pass")
    result = run(lab)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["No report of this test came: *", "*not in here*"])


def test_a_guest_that_takes_too_long_is_ended(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    boot(lab, monkeypatch, "exec sleep 1000")
    monkeypatch.setenv("LAB_SECONDS", "0.5")
    result = run(lab, "test_second.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["No report of this test came: the guest was ended at its time limit of 0.5 s for *"])


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
