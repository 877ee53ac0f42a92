"""Makes the chart's generated files, and checks chart, alerts and dashboard."""

import argparse
import difflib
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml

import documents
import generate
import metrics
import names
import program
import promtool
import security
import selftest
import upgrades
from kubernetes import VERSIONS, Kubernetes
from places import Site
from render import Renderer, golden, manifests, values_of

# What stands for a secret in wrong values; no message may show it.
CANARY = "canary"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--check", action="store_true", help="fail where a made file is stale")
    parser.add_argument("--write", action="store_true", help="renew the golden files")
    parser.add_argument("--program", type=Path, help="the stocktake that judges stocktake.toml")
    arguments = parser.parse_args()
    site = Site(arguments.root)

    for path, text in generate.generated(site).items():
        made_or_fault(site, path, text, write=not arguments.check)
    check_versions(site)
    metrics.check(site)
    promtool.check(site)

    renderer = Renderer(site)
    kubernetes = Kubernetes(site)
    good = sorted((site.chart / "ci").glob("*.yaml"))
    counted = 0
    for path in good:
        values = values_of(path)
        renderer.lint(path, values)
        refusal = renderer.refusal(values)
        if refusal is not None:
            site.fault(path, f"is refused: {refusal}")
            continue
        rendered = renderer.render(values)
        try:
            objects = manifests(rendered)
        except yaml.YAMLError as error:
            site.fault(path, f"is rendered to no good YAML: {error}")
            continue
        renderer.install(path, values, objects)
        counted += kubernetes.check(path, objects)
        security.check(site, path, objects)
        metrics.check_rendered(site, path, objects, values)
        made_or_fault(
            site,
            site.chart / "ci/golden" / path.name,
            golden(rendered, renderer.version),
            write=arguments.write,
        )
        if arguments.program is not None:
            config = next(o for o in objects if o["kind"] == "ConfigMap" and "stocktake.toml" in o["data"])
            program.check(site, arguments.program, path, config["data"]["stocktake.toml"])
    for stale in {p.name for p in (site.chart / "ci/golden").glob("*.yaml")} - {p.name for p in good}:
        site.fault(site.chart / "ci/golden" / stale, "has no values file beside it")
    check_next_version(site, good)
    promtool.check_releases(site, renderer)
    names.check(site, renderer)
    if not site.faults:
        values = values_of(site.chart / "ci/default-minimal.yaml")
        upgrades.check(site, renderer, values)
        values |= {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}
        selftest.check(site, manifests(renderer.render(values)), values)
        documents.check(site, renderer, kubernetes, arguments.program)
    bad = sorted((site.chart / "ci/bad").glob("*.yaml"))
    for path in bad:
        check_refusal(site, renderer, path)

    for note in site.notes:
        print(f"SKIPPED: {note}")
    for fault in site.faults:
        print(fault)
    if site.faults:
        print(f"{len(site.faults)} faults in the chart")
        return 1
    print(
        f"{len(good)} values files render {counted} manifests that Kubernetes {', '.join(VERSIONS)} take; "
        f"{len(bad)} wrong ones are refused by name"
    )
    return 0


def check_next_version(site: Site, good: list[Path]) -> None:
    """A release changes the version alone: what is kept of the rendered files stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder) / "stocktake"
        shutil.copytree(site.chart, chart)
        facts = chart / "Chart.yaml"
        now = yaml.safe_load(facts.read_text())["version"]
        facts.write_text(facts.read_text().replace(now, "9.8.7"))
        renderer = Renderer(site, chart)
        for path in good:
            kept = site.chart / "ci/golden" / path.name
            if golden(renderer.render(values_of(path)), renderer.version) != kept.read_text():
                site.fault(kept, "is another one in a release with another version")


def made_or_fault(site: Site, path: Path, text: str, *, write: bool) -> None:
    """Writes a file that is made, or tells how it differs from what is there."""
    there = path.read_text() if path.exists() else ""
    if there == text:
        return
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return
    again = "cargo xtask chart --write" if "golden" in path.parts else "cargo xtask chart"
    lines = difflib.unified_diff(there.splitlines(), text.splitlines(), "there", "made", lineterm="", n=1)
    difference = "\n    ".join(list(lines)[:30])
    site.fault(path, f"is stale; `{again}` makes it\n    {difference}")


def check_versions(site: Site) -> None:
    """One version for program, image and chart."""
    workspace = tomllib.loads((site.root / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    path = site.chart / "Chart.yaml"
    chart = yaml.safe_load(path.read_text())
    for key in ("version", "appVersion"):
        if chart[key] != workspace:
            site.fault(path, f"{key} is {chart[key]}, and the workspace's version is {workspace}")
    if f":{workspace}\n" not in chart["annotations"]["artifacthub.io/images"]:
        site.fault(path, f"artifacthub.io/images does not name version {workspace}")


def check_refusal(site: Site, renderer: Renderer, path: Path) -> None:
    """A wrong value is refused with each of the words in its lines that start with `# expect: `."""
    expected = [
        line.removeprefix("# expect: ")
        for line in path.read_text().splitlines()
        if line.startswith("# expect: ")
    ]
    if not expected:
        site.fault(path, "has no line that starts with `# expect: `")
    refusal = renderer.refusal(values_of(path))
    if refusal is None:
        site.fault(path, "is taken, though its values are wrong")
        return
    if CANARY in refusal:
        site.fault(path, f"its refusal shows the secret: {refusal}")
    for words in expected:
        if words not in refusal:
            site.fault(path, f"is refused without `{words}`: {refusal}")


if __name__ == "__main__":
    sys.exit(main())
