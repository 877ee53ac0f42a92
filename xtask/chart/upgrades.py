"""Only what changed rolls: which values change the pod, and which do not."""

import copy
from typing import Any

import yaml

from places import Site
from render import Renderer, manifests

# A change of values, and whether the pod is replaced.
CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("an interval", {"collection": {"interval": "1h"}}, True),
    ("a log level", {"log": {"level": "debug"}}, True),
    ("another tenant", {"tenants": {"other": {
        "tenant_id": "00000000-0000-0000-0000-000000000009",
        "app_id": "00000000-0000-0000-0000-000000000002",
        "existingSecret": {"name": "other"},
    }}}, True),
    ("the dashboard", {"dashboard": {"enabled": True}}, False),
    ("the alerts", {"prometheusRule": {"enabled": True}}, False),
    ("a monitor", {"serviceMonitor": {"enabled": True}}, False),
    ("the network policy", {"networkPolicy": {"enabled": False}}, False),
    ("a disruption budget", {"podDisruptionBudget": {"enabled": True}}, False),
    ("a service annotation", {"service": {"annotations": {"a": "b"}}}, False),
]


def check(site: Site, renderer: Renderer, values: dict[str, Any]) -> None:
    before = template(renderer, values)
    for what, change, rolls in CHANGES:
        changed = merged(copy.deepcopy(values), change)
        replaced = template(renderer, changed) != before
        if replaced != rolls:
            site.fault("upgrade", f"{what} {'replaces' if replaced else 'does not replace'} the pod")
    # A StatefulSet refuses other changes than these; a new version of the chart must not make one.
    fixed = statefulset(renderer, values)
    for key in ("serviceName", "podManagementPolicy", "selector", "volumeClaimTemplates"):
        if site.chart.joinpath("Chart.yaml").read_text().split("version: ")[1].split()[0] in yaml.safe_dump(fixed[key]):
            site.fault("upgrade", f"{key} holds the chart's version, and cannot be changed later")


def merged(values: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(values.get(key), dict)
        values[key] = merged(values[key], value) if both else value
    return values


def statefulset(renderer: Renderer, values: dict[str, Any]) -> dict[str, Any]:
    return next(m["spec"] for m in manifests(renderer.render(values)) if m["kind"] == "StatefulSet")


def template(renderer: Renderer, values: dict[str, Any]) -> dict[str, Any]:
    return statefulset(renderer, values)["template"]
