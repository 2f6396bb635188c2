"""The alert rules and the dashboard that come with the package ask for metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ldirectord_py.observers.metrics.metrics import Metrics
from tests.unit.observers import happenings as the

ROOT = Path(__file__).parents[4]
RULES = ROOT / "etc" / "prometheus" / "ldirectord.rules.yml"
RULE_TESTS = ROOT / "etc" / "prometheus" / "ldirectord.test.yml"
DASHBOARD = ROOT / "etc" / "grafana" / "ldirectord.json"
RUNBOOKS = ROOT / "docs" / "runbooks.md"
INSTALLED = "file:///usr/share/doc/ldirectord-py/runbooks.md#"

ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def shown() -> set[str]:
    """Return the name of every series that there may be."""
    body, _ = Metrics(the.snapshot, "1.2.3").render()
    names: set[str] = set()
    for name, kind in re.findall(r"(?m)^# TYPE (\S+) (\S+)$", body.decode()):
        parts = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}.get(kind, ("",))
        names |= {f"{name}{part}" for part in parts}
    return names


SERIES = shown()
NAME = re.compile(r"\b(?:ldirectord|process|python)_\w+")


@pytest.mark.parametrize("path", [RULES, RULE_TESTS, DASHBOARD, RUNBOOKS], ids=lambda path: path.name)
def test_every_metric_that_is_named_exists(path: Path) -> None:
    named = set(NAME.findall(path.read_text())) - {"ldirectord_py"}
    assert named
    assert named <= SERIES


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_how_urgent_it_is_what_it_is_about_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"{INSTALLED}{alert['alert'].lower()}"


def test_each_alert_has_a_runbook_and_a_test() -> None:
    names = [alert["alert"] for alert in ALERTS]
    sections = RUNBOOKS.read_text().split("\n## ")[1:]
    assert sorted(section.partition("\n")[0] for section in sections) == sorted(names)
    for section in sections:
        assert [word for word in ("**Means:**", "**Look at", "**Do:**") if word not in section] in ([], ["**Do:**"])
    stories = yaml.safe_load(RULE_TESTS.read_text())["tests"]
    tried = [each for story in stories for each in story["alert_rule_test"]]
    assert {each["alertname"] for each in tried if each.get("exp_alerts")} == set(names)
    assert {each["alertname"] for each in tried if not each.get("exp_alerts")} == set(names)


def test_the_dashboard_is_a_whole_one() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(panels))) - {"__rate_interval", "__range"}
    assert used == variables == {"datasource", "job", "instance", "virtual"}
