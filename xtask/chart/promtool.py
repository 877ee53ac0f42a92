"""The alerts and the dashboard's expressions, judged by Prometheus' own tool."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from metrics import dashboard_expressions
from places import Site
from render import Renderer, manifests, values_of

# Releases that share a Prometheus, by namespace.
RELEASES = ("production", "test")


def check(site: Site) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        site.missing_judge("promtool is missing (Debian package prometheus): alerts and dashboard were not tested")
        return
    folder = site.root / "deploy/prometheus"
    for arguments in (
        ["check", "rules", "stocktake.rules.yaml"],
        ["test", "rules", "stocktake.rules.test.yaml"],
    ):
        said = complaint(tool, arguments, folder)
        if said is not None:
            site.fault(folder, f"promtool {' '.join(arguments)}: {said}")
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "dashboard.yaml").write_text(dashboard_rules(site))
        said = complaint(tool, ["check", "rules", "dashboard.yaml"], Path(scratch))
        if said is not None:
            site.fault(site.root / "deploy/grafana/stocktake.json", said)


def check_releases(site: Site, renderer: Renderer) -> None:
    """The alerts of two releases of the chart, side by side."""
    tool = shutil.which("promtool")
    if tool is None:
        return
    values = values_of(site.chart / "ci/default-minimal.yaml")
    tests = site.scripts / "releases.test.yaml"
    with tempfile.TemporaryDirectory() as scratch:
        for namespace in RELEASES:
            alerts = {"prometheusRule": {"enabled": True, "alertLabels": {"of": namespace}}}
            rendered = manifests(renderer.render(values | alerts, namespace=namespace))
            rule = next(m for m in rendered if m["kind"] == "PrometheusRule")
            groups = [group | {"name": namespace} for group in rule["spec"]["groups"]]
            (Path(scratch) / f"{namespace}.yaml").write_text(yaml.safe_dump({"groups": groups}))
        (Path(scratch) / tests.name).write_text(tests.read_text())
        said = complaint(tool, ["test", "rules", tests.name], Path(scratch))
        if said is not None:
            site.fault(tests, said)


def complaint(tool: str, arguments: list[str], folder: Path) -> str | None:
    result = subprocess.run([tool, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return f"{result.stdout}{result.stderr}".strip() if result.returncode != 0 else None


def dashboard_rules(site: Site) -> str:
    """Each expression of the dashboard as a rule, since rules are what the tool parses."""
    dashboard = json.loads((site.root / "deploy/grafana/stocktake.json").read_text())
    rules = []
    for title, expression in dashboard_expressions(dashboard["panels"]):
        expression = expression.replace("$__rate_interval", "5m").replace("$tenant", ".*")
        name = "panel:" + re.sub(r"[^a-z0-9]+", "_", f"{title} {len(rules)}".lower())
        rules.append({"record": name, "expr": expression})
    return yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
