"""The chart through the Helm engine, without a cluster."""

import re
from pathlib import Path
from typing import Any

import yaml
from helm_python import Chart, Config, HelmError, lint

from places import Site

RELEASE = "stocktake"
NAMESPACE = "assets"
# Severities of findings.
WARNING = 2


class Renderer:
    def __init__(self, site: Site, chart: Path | None = None) -> None:
        self.site = site
        folder = chart or site.chart
        self.chart = Chart.load(folder)
        self.version = yaml.safe_load((folder / "Chart.yaml").read_text())["version"]

    def render(
        self, values: dict[str, Any], *, name: str = RELEASE, namespace: str = NAMESPACE
    ) -> dict[str, str]:
        """Each template's text by its path in the chart; empty ones left out."""
        rendered = self.chart.render(values, name=name, namespace=namespace)
        texts = {name.removeprefix("stocktake/"): text for name, text in rendered.items()}
        return {name: text for name, text in sorted(texts.items()) if text.strip()}

    def refusal(self, values: dict[str, Any]) -> str | None:
        """Why the engine refuses the values, or `None` when it takes them."""
        try:
            self.render(values)
        except HelmError as error:
            return str(error)
        return None

    def install(self, where: Path, values: dict[str, Any], rendered: list[dict[str, Any]]) -> None:
        """What an install would apply is what was rendered, without the hooks."""
        with Config(storage_driver="memory", namespace=NAMESPACE) as config:
            release = config.install(
                self.chart, RELEASE, values, namespace=NAMESPACE, dry_run="client"
            )
        applied = {named(m) for m in documents(release["manifest"])}
        expected = {
            named(m) for m in rendered if "helm.sh/hook" not in m["metadata"].get("annotations", {})
        }
        for kind, name in sorted(applied ^ expected):
            self.site.fault(where, f"{kind}/{name} is rendered or installed, and not the other")

    def lint(self, where: Path, values: dict[str, Any]) -> None:
        report = lint(self.site.chart, values, strict=True)
        for message in report["messages"]:
            # An icon is recommended; this project has none.
            if message["severity"] >= WARNING:
                self.site.fault(where, f"lint: {message['path']}: {message['error']}")


def manifests(rendered: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for name, text in rendered.items():
        if name.endswith(".yaml"):
            found += documents(text)
    return found


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, as Flux and kustomize do; YAML's own reader takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key} stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def documents(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.load_all(text, Loader=StrictLoader) if document]


def named(manifest: dict[str, Any]) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def values_of(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text()) or {}


def golden(rendered: dict[str, str], version: str) -> str:
    """One text of all that was rendered, as it is kept beside the values.

    Without the version, so that a release changes none of them."""
    number = re.compile(rf"(chart: stocktake-|/version: \"?|/stocktake:){re.escape(version)}\b")
    parts = ["# Made by `cargo xtask chart --write`; look at the difference before you commit it.\n"]
    for name, text in rendered.items():
        if name.endswith(".txt"):
            text = "".join(f"# {line}".rstrip() + "\n" for line in text.strip().splitlines())
        # The two files that are copied into the chart as they are would only repeat themselves.
        if name.endswith(("dashboard.yaml", "prometheusrule.yaml")):
            text = shortened(text)
        text = number.sub(r"\1VERSION", text)
        body = "\n".join(line.rstrip() for line in text.strip().splitlines())
        parts.append(f"---\n# {name}\n{body}\n")
    return "".join(parts)


def shortened(text: str) -> str:
    lines = text.strip().splitlines()
    limit = 40
    if len(lines) <= limit:
        return text
    return "\n".join(lines[:limit]) + f"\n# … and {len(lines) - limit} more lines\n"
