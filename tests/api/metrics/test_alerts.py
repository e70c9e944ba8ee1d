"""Each alert fires on series that mean trouble, with words that a person can use, and not on those that do not."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.api.metrics.alert_cases import CASES, QUIET, TROUBLE, Case
from tests.api.metrics.monitoring import ALERTS, RULES
from tests.api.metrics.scraping import OPEN_LABELS

RULE_OF = {rule["alert"]: rule for rule in ALERTS}


def as_promtool_reads_it(case: Case) -> dict:
    """Returns the case as a test of promtool's."""
    rule = RULE_OF[case.alert]
    fires = {
        "exp_labels": rule["labels"] | case.labels,
        "exp_annotations": rule["annotations"] | {"summary": case.summary},
    }
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "alert_rule_test": [
            {
                "eval_time": f"{case.minute}m",
                "alertname": case.alert,
                "exp_alerts": [fires] if case.summary else [],
            }
        ],
    }


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian's package prometheus) is not installed")
@pytest.mark.parametrize("alert", RULE_OF)
def test_an_alert_fires_on_trouble_and_only_then(alert, tmp_path):
    cases = [as_promtool_reads_it(case) for case in CASES if case.alert == alert]
    file = tmp_path / "cases.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}))
    tested = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_both():
    for cases in (TROUBLE, QUIET):
        assert {case.alert for case in cases} == RULE_OF.keys()


def test_the_series_of_the_cases_are_what_a_scrape_has(exposed):
    for series in {series for case in CASES for series in case.series}:
        name, labels = re.fullmatch(r"(\w+)\{(.*)\}", series).groups()
        given = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        given.pop("instance", None)
        assert given.keys() == exposed[name].keys(), series
        for label in given.keys() - OPEN_LABELS:
            assert given[label] in exposed[name][label], series
