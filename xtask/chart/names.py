"""What an install takes and an upgrade refuses: names that grow too long, pods that differ."""

from typing import Any

from places import Site
from render import Renderer, manifests, values_of
from security import pods_of

# Helm takes a release name of 53 characters; the value of a label has 63 at most.
LONGEST = "a" * 53
LIMIT = 63
# What a pod needs to get at its secrets, which are as much needed to check them.
ACCESS: dict[str, Any] = {
    "serviceAccount": {"create": False, "name": "reader"},
    "podAnnotations": {"vault.example.com/inject": "true"},
    "extraInitContainers": [{"name": "fetch", "image": "registry.example.com/fetch:1"}],
}


def check(site: Site, renderer: Renderer) -> None:
    values = values_of(site.chart / "ci/default-minimal.yaml")
    for manifest in manifests(renderer.render(values, name=LONGEST)):
        name = manifest["metadata"]["name"]
        if len(name) > LIMIT:
            site.fault("names", f"{manifest['kind']}/{name} has {len(name)} characters")
    for name, metadata, pod in pods_of(manifests(renderer.render(values | ACCESS))):
        if pod["serviceAccountName"] != "reader":
            site.fault("names", f"{name}: runs as {pod['serviceAccountName']}")
        if "vault.example.com/inject" not in metadata.get("annotations", {}):
            site.fault("names", f"{name}: lacks podAnnotations")
        if [container["name"] for container in pod.get("initContainers", [])][:1] != ["fetch"]:
            site.fault("names", f"{name}: extraInitContainers are not the first")
