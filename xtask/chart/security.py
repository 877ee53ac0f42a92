"""What must hold of every rendered pod, whatever the values are."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from places import Site

SECRETS = "/run/secrets/stocktake"
OURS = ("config-check", "stocktake", "check")
INLINE = {"app_secret", "api_key", "password", "client_secret", "token"}


def check(site: Site, where: object, manifests: list[dict[str, Any]]) -> None:
    pods = list(pods_of(manifests))
    for name, _, pod in pods:
        for fault in pod_faults(pod):
            site.fault(where, f"{name}: {fault}")
    config = next(
        manifest["data"]["stocktake.toml"]
        for manifest in manifests
        if manifest["kind"] == "ConfigMap" and "stocktake.toml" in manifest.get("data", {})
    )
    for fault in config_faults(tomllib.loads(config), pods):
        site.fault(where, f"stocktake.toml: {fault}")
    for fault in listen_faults(tomllib.loads(config), pods):
        site.fault(where, fault)
    for fault in selector_faults(manifests, pods):
        site.fault(where, fault)
    for manifest in manifests:
        if manifest["kind"] in ("Secret", "ClusterRole", "Role", "RoleBinding", "ClusterRoleBinding"):
            site.fault(where, f"{manifest['kind']}: the chart makes none")
        if manifest["kind"] == "ServiceAccount" and manifest.get("automountServiceAccountToken") is not False:
            site.fault(where, "ServiceAccount: its token is mounted by default")


def pods_of(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Name, metadata and specification of each pod."""
    for manifest in manifests:
        name = f"{manifest['kind']}/{manifest['metadata']['name']}"
        if manifest["kind"] == "Pod":
            yield name, manifest["metadata"], manifest["spec"]
        elif "template" in manifest.get("spec", {}):
            template = manifest["spec"]["template"]
            yield name, template["metadata"], template["spec"]


def pod_faults(pod: dict[str, Any]) -> Iterator[str]:
    context = pod.get("securityContext", {})
    wanted = [
        ("automountServiceAccountToken", pod.get("automountServiceAccountToken"), False),
        # Kubernetes would set STOCKTAKE_PORT, which the program takes for a key.
        ("enableServiceLinks", pod.get("enableServiceLinks"), False),
        ("securityContext.runAsNonRoot", context.get("runAsNonRoot"), True),
        ("securityContext.seccompProfile.type", context.get("seccompProfile", {}).get("type"), "RuntimeDefault"),
    ]
    yield from unlike(wanted)
    for key in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
        if pod.get(key):
            yield f"{key} is set"
    if not context.get("runAsUser"):
        yield "securityContext.runAsUser is root or not set"
    for volume in pod.get("volumes", []):
        if "hostPath" in volume:
            yield f"volume {volume['name']} is a folder of the node"
        for source in volume.get("projected", {}).get("sources", []):
            if "secret" in source and not source["secret"].get("optional"):
                yield f"secret {source['secret']['name']} is not optional: one that is missing stops all tenants"
            token = source.get("serviceAccountToken")
            if token is not None and not token.get("audience"):
                yield "a token without an audience is one for the Kubernetes API"
    for container in pod.get("initContainers", []) + pod["containers"]:
        yield from (f"container {container['name']}: {fault}" for fault in container_faults(container))


def container_faults(container: dict[str, Any]) -> Iterator[str]:
    context = container.get("securityContext", {})
    yield from unlike([
        ("allowPrivilegeEscalation", context.get("allowPrivilegeEscalation"), False),
        ("readOnlyRootFilesystem", context.get("readOnlyRootFilesystem"), True),
        ("runAsNonRoot", context.get("runAsNonRoot"), True),
        ("capabilities", context.get("capabilities"), {"drop": ["ALL"]}),
        ("seccompProfile", context.get("seccompProfile"), {"type": "RuntimeDefault"}),
    ])
    if context.get("privileged"):
        yield "is privileged"
    if not container.get("resources", {}).get("limits", {}).get("memory"):
        yield "has no memory limit"
    if not container.get("resources", {}).get("requests", {}).get("cpu"):
        yield "has no CPU request"
    if not re.search(r"(:[^/:@]+|@sha256:[0-9a-f]{64})$", container["image"]) or container["image"].endswith(":latest"):
        yield f"image {container['image']} has no fixed version"


def unlike(wanted: list[tuple[str, Any, Any]]) -> Iterator[str]:
    for key, found, expected in wanted:
        if found != expected:
            yield f"{key} is {found}, not {expected}"


def config_faults(
    config: dict[str, Any], pods: list[tuple[str, dict[str, Any], dict[str, Any]]]
) -> Iterator[str]:
    for path, value in leaves(config):
        key = path.rsplit(".", 1)[-1]
        if key in INLINE:
            yield f"{path} is a secret in a ConfigMap"
        # Not files: a scope, a URL and so on that happens to start like a path is no concern.
        if not key.endswith("_file"):
            continue
        for name, _, pod in pods:
            for container in pod.get("initContainers", []) + pod["containers"]:
                if container["name"] in OURS and not is_mounted(value, pod, container):
                    yield f"{path} = {value} is mounted nowhere in {name}, container {container['name']}"


def is_mounted(file: str, pod: dict[str, Any], container: dict[str, Any]) -> bool:
    for mount in container.get("volumeMounts", []):
        folder = mount["mountPath"].rstrip("/") + "/"
        if not file.startswith(folder):
            continue
        volume = next((v for v in pod.get("volumes", []) if v["name"] == mount["name"]), None)
        if volume is None or "projected" not in volume or folder != f"{SECRETS}/":
            return volume is not None
        paths = set()
        for source in volume["projected"]["sources"]:
            paths |= {item["path"] for item in source.get("secret", {}).get("items", [])}
            paths |= {source["serviceAccountToken"]["path"]} if "serviceAccountToken" in source else set()
        return file.removeprefix(folder) in paths
    return False


def listen_faults(
    config: dict[str, Any], pods: list[tuple[str, dict[str, Any], dict[str, Any]]]
) -> Iterator[str]:
    """The port of the container is that of the file."""
    for name, _, pod in pods:
        for container in pod.get("initContainers", []) + pod["containers"]:
            if container["name"] not in OURS:
                continue
            port = config["server"]["listen"].rsplit(":", 1)[-1]
            for entry in container.get("ports", []):
                if str(entry["containerPort"]) != port:
                    yield f"{name}: port {entry['containerPort']} is not that of server.listen"


def selector_faults(
    manifests: list[dict[str, Any]], pods: list[tuple[str, dict[str, Any], dict[str, Any]]]
) -> Iterator[str]:
    """Who is selected by what: the collector by everything, the test by the NetworkPolicy alone."""
    for manifest in manifests:
        kind = manifest["kind"]
        spec = manifest.get("spec", {})
        match kind:
            case "Service":
                labels, all_pods = spec["selector"], False
            case "NetworkPolicy":
                labels, all_pods = spec["podSelector"]["matchLabels"], True
            case "StatefulSet" | "PodDisruptionBudget" | "PodMonitor":
                labels, all_pods = spec["selector"]["matchLabels"], False
            case "ServiceMonitor":
                labels, all_pods = spec["selector"]["matchLabels"], None
            case _:
                continue
        if all_pods is None:
            services = [m["metadata"]["labels"] for m in manifests if m["kind"] == "Service"]
            if not any(labels.items() <= service.items() for service in services):
                yield f"{kind} selects no service"
            continue
        for name, metadata, _ in pods:
            selected = labels.items() <= metadata["labels"].items()
            expected = all_pods or name.startswith("StatefulSet/")
            if selected != expected:
                yield f"{kind} {'selects' if selected else 'does not select'} {name}"


def leaves(table: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield from leaves(value, f"{above}.{key}" if above else key)
    else:
        yield above, table
