"""Compares verdicts, error lines and values with those of the Perl ldirectord 4.12, as recorded in the corpus.

The corpus (grammar cases, public configurations, the original's memory after reading them) lies beside the
repository; where it is absent, these tests are skipped.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ldirectord_py.config.load import parse
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.problems import Severity
from tests.unit.config.original import TESTHOST, differences

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"the corpus of the original's verdicts is not there: {CORPUS}"
)

DIFFERENCES = {
    "virtual no port": "a forgotten port is refused; the original takes 192.168.6.240 for firewall mark 192",
    "underscore host": "refused; the original finds the host `localhost` within `my_localhost`",
    "range digit-length": "the ends of a range are compared as numbers; the original compares text and finds no server",
    'receive="(unclosed"': "an invalid regular expression is refused; the original dies at the first check",
    "netmask=999.1.1.1\n\tpersistent=60": "an impossible netmask is refused; the original fails to add the virtual",
    "per-real pair with slash then trailing junk accepted": "what stands behind a request with a slash counts; "
    "the original loses it",
}
"""Where we differ from the original on purpose, by case."""

FILE_DIFFERENCES = {
    "37-derived-all-samples-unique-vips.cf": "ADDRESS::PORT is refused; the original takes the port for the address",
}


def lines_of(name: str) -> list[str]:
    path = CORPUS / name
    return path.read_text("utf-8").splitlines() if path.is_file() else []


CASES: list[dict[str, Any]] = [json.loads(line) for line in lines_of("grammar-cases.jsonl")]
MANIFEST: list[tuple[str, str, str]] = [
    (match[1], match[2], match[3])
    for line in lines_of("MANIFEST.md")
    if (match := re.match(r"\| `([^`]+)` \|.*\| (accept|reject) \(rc \d\) \| (.*?) \|", line))
]


def verdict(text: bytes) -> Config | ConfigRejected:
    try:
        return parse(text, "x.cf", TESTHOST)
    except ConfigRejected as rejected:
        return rejected


def first_error(rejected: ConfigRejected) -> int:
    return next(problem.line for problem in rejected.problems if problem.severity is Severity.ERROR)


def deviations(case: dict[str, Any]) -> list[str]:
    text = case["config"].encode("utf-8", "surrogateescape")
    ours = verdict(text)
    if isinstance(ours, Config):
        return differences(ours, text, case["parsed"]) if case["verdict"] == "accept" else ["we accept"]
    if case["verdict"] == "accept":
        return [f"we reject: {ours}"]
    line = next(message["line"] for message in case["messages"] if message["level"] == "error")
    return [] if first_error(ours) == line else [f"line: {first_error(ours)}, {line}"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_is_read_as_the_original_reads_it(case):
    found = deviations(case)
    if case["name"] in DIFFERENCES:
        assert found, "this case no longer differs: remove it from DIFFERENCES"
    else:
        assert found == []


def test_at_least_98_percent_of_the_cases_are_equal():
    equal = sum(1 for case in CASES if case["name"] not in DIFFERENCES)
    assert equal / len(CASES) >= 0.98


def test_every_named_difference_is_a_case():
    assert set(DIFFERENCES) <= {case["name"] for case in CASES}


def test_the_corpus_is_complete():
    assert len(CASES) == 306
    assert len(MANIFEST) == 39


@pytest.mark.parametrize(("name", "expected", "message"), MANIFEST, ids=[name for name, _, _ in MANIFEST])
def test_a_public_configuration_is_read_as_the_original_reads_it(name, expected, message):
    text = (CORPUS / name).read_bytes()
    ours = verdict(text)
    if name in FILE_DIFFERENCES:
        assert isinstance(ours, ConfigRejected)
    elif expected == "reject":
        assert isinstance(ours, ConfigRejected)
        assert f"at line {first_error(ours)}:" in message
    else:
        assert isinstance(ours, Config)
        assert differences(ours, text, remembered(name)) == []


def remembered(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / "expected" / name).with_suffix(".json").read_text("utf-8"))
    return found


def test_all_samples_are_read_alike_once_the_doubled_colons_are_gone():
    name = "37-derived-all-samples-unique-vips.cf"
    text = (CORPUS / name).read_bytes().replace(b"::5060 gate", b":5060 gate")
    ours = verdict(text)
    assert isinstance(ours, Config)
    found = differences(ours, text, remembered(name))
    place = "udp:192.168.200.18:5060 real"
    assert {line.split(": ")[0] for line in found} == {
        f"{place} {index} {name}" for index in range(3) for name in ("check_id", "port", "server", "url")
    }
