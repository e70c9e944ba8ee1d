"""The alert rules, the dashboard and the page that explains them."""

import json
from pathlib import Path

import yaml

DOCS = Path(__file__).parents[3] / "docs"
RULES = DOCS / "monitoring" / "alerts.yaml"
DASHBOARD = DOCS / "monitoring" / "dashboard.json"
PAGE = (DOCS / "metrics.md").read_text()
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
PANELS = json.loads(DASHBOARD.read_text())["panels"]
DASHBOARD_QUERIES = [each["expr"] for panel in PANELS for each in panel["targets"]]
QUERIES = [rule["expr"] for rule in ALERTS] + DASHBOARD_QUERIES
