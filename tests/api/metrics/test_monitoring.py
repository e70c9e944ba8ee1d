"""The alert rules and the dashboard name only what /metrics exposes, and each alert says what to do."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from dispatch.metrics.deployment import Deployment
from tests.api.metrics.monitoring import ALERTS, DASHBOARD_QUERIES, PAGE, PANELS, QUERIES, RULES
from tests.api.metrics.scraping import ENDINGS, OPEN_LABELS, PREFIX

# What servers know every web tells, of the whole deployment.
TOLD_BY_ALL = re.compile(r"(?:max|min)(?: by \([^()]*\))? ?\((?:\w+\()?$")


def named_in(query: str) -> set[str]:
    return set(re.findall(rf"{PREFIX}\w+", query))


def test_queries_name_only_what_is_exposed(exposed):
    assert all(named_in(query) for query in QUERIES)
    assert {name for query in QUERIES for name in named_in(query)} - exposed.keys() == set()


def words_of(labels: str) -> list[str]:
    return [label.strip() for label in labels.split(",") if label.strip()]


def asked_of(query: str) -> set[tuple[str, str, str]]:
    """Returns the metrics that a query reads with a condition, with each label and each value that it asks for."""
    return {
        (name, label, alternative)
        for name, matchers in re.findall(rf"({PREFIX}\w+)\{{([^}}]*)\}}", query)
        for label, sign, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers)
        for alternative in (value.split("|") if "~" in sign else [value])
    }


def test_queries_ask_only_for_labels_and_values_that_a_metric_has(exposed):
    for query in QUERIES:
        for name, label, value in asked_of(query):
            assert label in exposed[name], query
            assert label in OPEN_LABELS or value in exposed[name][label], query
        known = {label for name in named_in(query) for label in exposed[name]}
        for labels in re.findall(r"(?:by|without|on|ignoring) \(([^)]*)\)", query):
            assert set(words_of(labels)) <= known, query


def test_what_every_web_tells_of_the_whole_deployment_is_not_added_up(exposed):
    told = {family.name + ENDINGS[family.type][0] for family in Deployment().collect()}
    assert told <= exposed.keys()
    for query in QUERIES:
        for found in re.finditer(rf"{PREFIX}\w+", query):
            if found[0] in told:
                assert TOLD_BY_ALL.search(query[: found.start()]) or query == f"absent({found[0]})", query


def kept_labels(query: str) -> set[str]:
    """Returns the labels that the answer to a query has: those of the first grouping."""
    grouped = re.search(r" by \(([^)]*)\)", query)
    return set(words_of(grouped[1])) - {"le"} if grouped else set()


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_legend_names_the_labels_that_its_query_keeps(panel):
    for target in panel["targets"]:
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) == kept_labels(target["expr"])
    shown = [target["legendFormat"] for target in panel["targets"]]
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_names_only_labels_that_its_query_keeps(rule):
    said = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
    assert said <= kept_labels(rule["expr"])
    assert said or not kept_labels(rule["expr"])


def test_every_metric_is_explained_on_the_page_and_shown_or_watched(exposed):
    used = {name for query in QUERIES for name in named_in(query)}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in exposed}
    explained = {name for name in families if re.search(rf"`{name.removeprefix(PREFIX)}[`{{]", PAGE)}
    assert families - explained == set()
    unused = families - {re.sub("_(bucket|sum|count)$", "", name) for name in used}
    assert unused <= {f"{PREFIX}{name}" for name in ("build_info", "rate_limited_senders", "rate_bucket_tokens")}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule):
    annotations = rule["annotations"]
    assert annotations["summary"].endswith(".")
    assert annotations["runbook"] == f"docs/metrics.md#{rule['alert'].lower()}"
    section = re.search(rf"^### {rule['alert']}\n\n(.+?)(?=\n\n|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section
    assert " ".join(section[1].split()) == annotations["description"]
    assert rule["labels"]["severity"] in ("warning", "critical")


def test_names_are_given_once():
    for names in ([rule["alert"] for rule in ALERTS], [panel["title"] for panel in PANELS]):
        assert len(names) == len(set(names))


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian's package prometheus) is not installed")
def test_promtool_reads_the_rules():
    checked = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert f"{len(ALERTS)} rules found" in checked.stdout


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian's package prometheus) is not installed")
def test_promtool_reads_the_queries_of_the_dashboard(tmp_path):
    asked = [query.replace("$__rate_interval", "5m") for query in DASHBOARD_QUERIES]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(asked)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
