"""The checks, checked: each fault that is put into good manifests must be told."""

import copy
from collections.abc import Callable
from typing import Any

import metrics
import security
from kubernetes import Kubernetes
from places import Site

Manifests = list[dict[str, Any]]


def check(site: Site, good: Manifests, values: dict[str, Any]) -> None:
    for words, spoil in SPOILT:
        spoilt = copy.deepcopy(good)
        spoil(spoilt)
        if not any(words in fault for fault in faults(site, spoilt, values)):
            site.fault("selftest", f"nothing said `{words}` of manifests with that fault")
    for fault in faults(site, good, values):
        site.fault("selftest", fault)


def faults(site: Site, manifests: Manifests, values: dict[str, Any]) -> list[str]:
    scratch = Site(site.root)
    Kubernetes(scratch).check("selftest", manifests)
    security.check(scratch, "selftest", manifests)
    metrics.check_rendered(scratch, "selftest", manifests, values)
    return scratch.faults


def one(manifests: Manifests, kind: str) -> dict[str, Any]:
    return next(manifest for manifest in manifests if manifest["kind"] == kind)


def pod(manifests: Manifests) -> dict[str, Any]:
    return one(manifests, "StatefulSet")["spec"]["template"]["spec"]


def container(manifests: Manifests) -> dict[str, Any]:
    return pod(manifests)["containers"][0]


def context(manifests: Manifests) -> dict[str, Any]:
    return container(manifests)["securityContext"]


def rewrite_config(old: str, new: str) -> Callable[[Manifests], None]:
    def spoil(manifests: Manifests) -> None:
        data = one(manifests, "ConfigMap")["data"]
        assert old in data["stocktake.toml"]
        data["stocktake.toml"] = data["stocktake.toml"].replace(old, new)

    return spoil


SPOILT: list[tuple[str, Callable[[Manifests], Any]]] = [
    ("hostNetwork is set", lambda m: pod(m).update(hostNetwork=True)),
    ("enableServiceLinks is None", lambda m: pod(m).pop("enableServiceLinks")),
    ("automountServiceAccountToken is True", lambda m: pod(m).update(automountServiceAccountToken=True)),
    ("runAsUser is root", lambda m: pod(m)["securityContext"].update(runAsUser=0)),
    ("seccompProfile.type is None", lambda m: pod(m)["securityContext"].pop("seccompProfile")),
    ("is a folder of the node", lambda m: pod(m)["volumes"].append({"name": "x", "hostPath": {"path": "/"}})),
    ("is one for the Kubernetes API", lambda m: next(v for v in pod(m)["volumes"] if "projected" in v)
        ["projected"]["sources"].append({"serviceAccountToken": {"path": "token"}})),
    ("is not optional", lambda m: next(v for v in pod(m)["volumes"] if "projected" in v)
        ["projected"]["sources"][0]["secret"].pop("optional")),
    ("readOnlyRootFilesystem is False", lambda m: context(m).update(readOnlyRootFilesystem=False)),
    ("capabilities is", lambda m: context(m)["capabilities"].update(add=["NET_ADMIN"])),
    ("allowPrivilegeEscalation is None", lambda m: context(m).pop("allowPrivilegeEscalation")),
    ("has no memory limit", lambda m: container(m)["resources"].pop("limits")),
    ("has no fixed version", lambda m: container(m).update(image="registry.example.com:5000/stocktake")),
    ("is not that of server.listen", lambda m: container(m)["ports"][0].update(containerPort=1)),
    ("is a secret in a ConfigMap", rewrite_config("app_secret_file", "app_secret")),
    ("is mounted nowhere", rewrite_config("/run/secrets/stocktake/tenants", "/run/secrets/other")),
    ("Service selects Pod/", lambda m: one(m, "Service")["spec"]["selector"].pop("app.kubernetes.io/component")),
    ("NetworkPolicy does not select StatefulSet/",
        lambda m: one(m, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].update(x="y")),
    ("ServiceMonitor selects no service",
        lambda m: one(m, "ServiceMonitor")["spec"]["selector"]["matchLabels"].update(x="y")),
    ("Secret: the chart makes none",
        lambda m: m.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}})),
    ("in Kubernetes 1.27: spec", lambda m: one(m, "StatefulSet")["spec"].update(replica=1)),
    ("in Kubernetes 1.37: spec", lambda m: one(m, "StatefulSet")["spec"].update(replicas="1")),
    ("'intervall' was unexpected", lambda m: one(m, "ServiceMonitor")["spec"]["endpoints"][0].update(intervall="1m")),
    ("is rendered more than once", lambda m: m.append(copy.deepcopy(one(m, "Service")))),
    ("PrometheusRule: StocktakeTenantStale is",
        lambda m: one(m, "PrometheusRule")["spec"]["groups"][0]["rules"][0]["labels"].update(severity="none")),
]
