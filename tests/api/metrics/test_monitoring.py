"""The alert rules and the dashboard name only what /metrics exposes, and each alert says what to do."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.api.metrics.scraping import PREFIX

DOCS = Path(__file__).parents[3] / "docs"
RULES = DOCS / "monitoring" / "alerts.yaml"
DASHBOARD = DOCS / "monitoring" / "dashboard.json"
PAGE = (DOCS / "metrics.md").read_text()
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
PANELS = json.loads(DASHBOARD.read_text())["panels"]
QUERIES = [rule["expr"] for rule in ALERTS] + [each["expr"] for panel in PANELS for each in panel["targets"]]
# What each type of metric has samples of.
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


@pytest.fixture
def exposed(scraped, redis):
    """Returns the labels of every sample's name that there may be."""
    redis.set("metrics:swept_at", "1")
    redis.hset("rate:twilio:3:", mapping={"level": "1", "share": "1"})
    families = list(text_string_to_metric_families(scraped()))
    return {
        f"{family.name}{ending}": {label for sample in family.samples for label in sample.labels}
        for family in families
        for ending in ENDINGS[family.type]
    }


def named_in(query: str) -> set[str]:
    return set(re.findall(rf"{PREFIX}\w+", query))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_only_what_is_exposed(exposed, query):
    assert named_in(query)
    assert named_in(query) - exposed.keys() == set()


def test_every_metric_is_explained_on_the_page_and_shown_or_watched(exposed):
    used = {name for query in QUERIES for name in named_in(query)}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in exposed}
    explained = {name for name in families if re.search(rf"`{name.removeprefix(PREFIX)}[`{{]", PAGE)}
    assert families - explained - {f"{PREFIX}build_info"} == set()
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
