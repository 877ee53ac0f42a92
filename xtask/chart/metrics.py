"""Every metric of dashboard and alerts is one that the program exposes, and each alert has its page."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from places import Site

NAME = re.compile(r"\b(?:stocktake|process|http_client)_[a-z0-9_]+\b")
# Of a histogram, which is listed under its plain name.
PARTS = ("_bucket", "_sum", "_count")


def check(site: Site) -> None:
    known = set(NAME.findall((site.root / "docs/metrics.md").read_text()))
    rules = site.root / "deploy/prometheus/stocktake.rules.yaml"
    dashboard = site.root / "deploy/grafana/stocktake.json"
    for path, expressions in (
        (rules, rule_expressions(yaml.safe_load(rules.read_text()))),
        (dashboard, dashboard_expressions(json.loads(dashboard.read_text()))),
    ):
        for where, expression in expressions:
            for name in sorted(set(NAME.findall(expression))):
                plain = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), name)
                if name not in known and plain not in known:
                    site.fault(path, f"{where}: {name} is no metric of the program")
    check_runbooks(site)
    check_dashboard(site)


def rule_expressions(rules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def dashboard_expressions(node: Any, where: str = "dashboard") -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for item in node:
            yield from dashboard_expressions(item, where)
    elif isinstance(node, dict):
        where = node.get("title") or where
        for key, value in node.items():
            if key in ("expr", "query", "definition") and isinstance(value, str):
                yield where, value
            else:
                yield from dashboard_expressions(value, where)


def check_rendered(site: Site, where: object, manifests: list[dict[str, Any]], values: dict[str, Any]) -> None:
    """The alerts of the chart are those of the rules file, but for what the values change."""
    path = site.root / "deploy/prometheus/stocktake.rules.yaml"
    given = values.get("prometheusRule", {})
    wanted = {
        rule["alert"]: rule
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if rule["alert"] not in given.get("disabled", [])
    }
    for alert, override in given.get("overrides", {}).items():
        labels = wanted[alert]["labels"] | override.get("labels", {})
        wanted[alert] |= override | {"labels": labels}
    for rule in wanted.values():
        rule["labels"] = given.get("alertLabels", {}) | rule["labels"]
        if "expr" not in given.get("overrides", {}).get(rule["alert"], {}):
            rule["expr"] = of_release(rule["expr"], manifests)
    for manifest in manifests:
        if manifest["kind"] != "PrometheusRule":
            continue
        found = {rule["alert"]: rule for group in manifest["spec"]["groups"] for rule in group["rules"]}
        for alert in sorted(wanted.keys() | found.keys()):
            if wanted.get(alert) != found.get(alert):
                site.fault(where, f"PrometheusRule: {alert} is {found.get(alert)}, not {wanted.get(alert)}")


def of_release(expression: str, manifests: list[dict[str, Any]]) -> str:
    """The expression with the labels of the one pod at each metric, so that no release hides another."""
    collector = next(m["metadata"] for m in manifests if m["kind"] == "StatefulSet")
    labels = f'namespace="{collector["namespace"]}", pod="{collector["name"]}-0"'
    return re.sub(
        NAME.pattern + r"(\{)?",
        lambda found: f"{found[0]}{labels}, " if found[1] else f"{found[0]}{{{labels}}}",
        expression,
    )


def check_runbooks(site: Site) -> None:
    path = site.root / "deploy/prometheus/stocktake.rules.yaml"
    index = (site.root / "docs/runbooks/README.md").read_text()
    for group in yaml.safe_load(path.read_text())["groups"]:
        for rule in group["rules"]:
            alert = rule["alert"]
            words = re.sub(r"(?<!^)(?=[A-Z])", "-", alert.removeprefix("Stocktake")).lower()
            page = f"docs/runbooks/{words}.md"
            if not rule["annotations"]["runbook_url"].endswith(f"/{page}"):
                site.fault(path, f"{alert}: its runbook_url does not end in {page}")
            if not (site.root / page).exists():
                site.fault(path, f"{alert}: {page} does not exist")
            elif alert not in (site.root / page).read_text() or f"{words}.md" not in index:
                site.fault(path, f"{alert}: {page} or docs/runbooks/README.md does not name it")


def check_dashboard(site: Site) -> None:
    """What Grafana forgives and a reader does not: panels that overlap, or have no unit or words."""
    path = site.root / "deploy/grafana/stocktake.json"
    dashboard = json.loads(path.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)):
        site.fault(path, "two panels have the same id")
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        place, title = panel["gridPos"], panel["title"]
        if place["x"] + place["w"] > 24:
            site.fault(path, f"{title}: is wider than the page")
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), title)
                if other != title:
                    site.fault(path, f"{title}: lies over {other}")
                    break
        if panel["type"] == "row":
            continue
        if not panel.get("description"):
            site.fault(path, f"{title}: has no description")
        if "unit" not in panel["fieldConfig"]["defaults"]:
            site.fault(path, f"{title}: has no unit")
        for target in panel["targets"]:
            if target["datasource"]["uid"] != "${datasource}":
                site.fault(path, f"{title}: asks a fixed data source")
            if "tenant" in target["expr"] and "$tenant" not in target["expr"]:
                site.fault(path, f"{title}: does not look at the chosen tenants")
