"""What the documents tell people to apply: values of the chart, and manifests beside it."""

import copy
import re
from pathlib import Path
from typing import Any

import yaml

import program
import security
from kubernetes import Kubernetes
from places import Site
from render import Renderer, manifests, values_of

# The documents with blocks of YAML; a test of the program's documents has the same list.
PAGES = ("deploy/helm/stocktake/README.md", "docs/kubernetes.md")
# A block of values names its file; every other block is a file of deploy/kubernetes that is included.
VALUES = "# values.yaml\n"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INCLUDED = re.compile(r"\{\{#include \.\./deploy/kubernetes/[a-z-]+\.yaml\}\}\n")


def check(site: Site, renderer: Renderer, kubernetes: Kubernetes, stocktake: Path | None) -> None:
    minimal = values_of(site.chart / "ci/default-minimal.yaml")
    counted = 0
    for page in (site.root / name for name in PAGES):
        for block in BLOCK.findall(page.read_text()):
            if INCLUDED.fullmatch(block):
                continue
            # What shows some values only goes on top of the smallest that are whole.
            values = yaml.safe_load(block)
            values = values if block.startswith(VALUES) and "tenants" in values else minimal | values
            values.setdefault("sinks", minimal["sinks"])
            counted += 1
            check_values(site, renderer, kubernetes, stocktake, page, values)
    if counted < len(PAGES):
        site.fault(site.root / PAGES[-1], f"only {counted} blocks of values were found in all pages")
    objects = manifests(renderer.render(minimal))
    check_one_off(site, kubernetes, objects)
    check_volume(site, kubernetes, objects)


def check_values(
    site: Site,
    renderer: Renderer,
    kubernetes: Kubernetes,
    stocktake: Path | None,
    page: Path,
    values: dict[str, Any],
) -> None:
    refusal = renderer.refusal(values)
    if refusal is not None:
        site.fault(page, f"shows values that are refused: {refusal}")
        return
    objects = manifests(renderer.render(values))
    kubernetes.check(page, objects)
    if stocktake is not None:
        config = one(objects, "ConfigMap", "stocktake")
        program.check(site, stocktake, page, config["data"]["stocktake.toml"])


def check_one_off(site: Site, kubernetes: Kubernetes, objects: list[dict[str, Any]]) -> None:
    """The pod of `helm test` with its patch: the program as it runs, once, on its own volume."""
    path = site.root / "deploy/kubernetes/one-off.yaml"
    pod = patched(one(objects, "Pod", "stocktake-check"), yaml.safe_load(path.read_text()))
    kubernetes.check(path, [pod])
    for fault in security.pod_faults(pod["spec"]):
        site.fault(path, fault)
    if "annotations" in pod["metadata"]:
        site.fault(path, "leaves the pod a hook")
    container, running = pod["spec"]["containers"][0], collector(objects)["containers"][0]
    for key in ("image", "env", "volumeMounts", "securityContext", "resources"):
        if container[key] != running[key]:
            site.fault(path, f"makes a container whose {key} are not those of the program that runs")
    if container["args"][0] != running["args"][0] or len(container["args"]) < 2:
        site.fault(path, "runs nothing on the release's configuration")
    check_claim(site, path, pod, objects)


def check_volume(site: Site, kubernetes: Kubernetes, objects: list[dict[str, Any]]) -> None:
    path = site.root / "deploy/kubernetes/volume.yaml"
    pod = yaml.safe_load(path.read_text())
    kubernetes.check(path, [pod])
    for fault in security.pod_faults(pod["spec"]):
        site.fault(path, fault)
    # Its image is another one; the user must be the same, or files that it puts there cannot be read.
    if pod["spec"]["securityContext"] != collector(objects)["securityContext"]:
        site.fault(path, "does not run as the program does")
    mounts = {m["name"]: m["mountPath"] for m in collector(objects)["containers"][0]["volumeMounts"]}
    if pod["spec"]["containers"][0]["volumeMounts"] != [{"name": "state", "mountPath": mounts["state"]}]:
        site.fault(path, f"does not mount the state at {mounts['state']}")
    check_claim(site, path, pod, objects)


def check_claim(
    site: Site, path: Path, pod: dict[str, Any], objects: list[dict[str, Any]]
) -> None:
    stateful = one(objects, "StatefulSet", "stocktake")
    template = stateful["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]
    claim = f"{template}-{stateful['metadata']['name']}-0"
    claims = [v["persistentVolumeClaim"]["claimName"] for v in pod["spec"]["volumes"] if "persistentVolumeClaim" in v]
    if claims != [claim]:
        site.fault(path, f"mounts the claims {claims} and not {claim}")


def one(objects: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    return next(o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name)


def collector(objects: list[dict[str, Any]]) -> dict[str, Any]:
    return one(objects, "StatefulSet", "stocktake")["spec"]["template"]["spec"]


def patched(there: Any, patch: Any) -> Any:
    """As `kubectl patch --type strategic` does it: null removes, and items of a list that have a name
    are found by it."""
    if isinstance(there, dict) and isinstance(patch, dict):
        whole = copy.deepcopy(there)
        for key, value in patch.items():
            whole[key] = patched(whole.get(key), value)
        return {key: value for key, value in whole.items() if value is not None}
    named = isinstance(patch, list) and all(isinstance(item, dict) and "name" in item for item in patch)
    if named and isinstance(there, list):
        by_name = {item["name"]: item for item in patch}
        return [patched(item, by_name.get(item["name"], {})) for item in there]
    return patch
