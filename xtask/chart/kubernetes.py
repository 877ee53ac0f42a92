"""Every manifest against the schemas of Kubernetes, strictly: an unknown field is a fault."""

import functools
import json
from typing import Any

import jsonschema
import kubernetes_validate
import kubernetes_validate.utils

from places import Site

# The oldest version that Chart.yaml allows, the newest that there are schemas of, one in between.
VERSIONS = ("1.27", "1.32", "1.37")
OPERATOR = "monitoring.coreos.com/v1"

# Read once instead of for every manifest.
kubernetes_validate.utils.schema_contents = functools.cache(
    kubernetes_validate.utils.schema_contents
)


class Kubernetes:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.operator = json.loads((site.scripts / "manifests.schema.json").read_text())

    def check(self, where: object, manifests: list[dict[str, Any]]) -> int:
        for manifest in manifests:
            shown = f"{manifest.get('kind')}/{manifest.get('metadata', {}).get('name')}"
            if manifest.get("apiVersion") == OPERATOR:
                self.check_operator(where, shown, manifest)
                continue
            for version in VERSIONS:
                self.check_version(where, shown, manifest, version)
        names = [
            (manifest["kind"], manifest["metadata"]["name"])
            for manifest in manifests
            if "metadata" in manifest
        ]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.site.fault(where, f"{name[0]}/{name[1]} is rendered more than once")
        return len(manifests)

    def check_version(
        self, where: object, shown: str, manifest: dict[str, Any], version: str
    ) -> None:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.path)
            self.site.fault(where, f"{shown} in Kubernetes {version}: {path}: {error.message[:300]}")
        except kubernetes_validate.SchemaNotFoundError as error:
            self.site.fault(where, f"{shown}: {error.message}")

    def check_operator(self, where: object, shown: str, manifest: dict[str, Any]) -> None:
        kind = manifest["kind"]
        if kind not in self.operator["$defs"]:
            self.site.fault(where, f"{shown}: xtask/chart/manifests.schema.json does not describe it")
            return
        schema = self.operator | {"$ref": f"#/$defs/{kind}"}
        for error in jsonschema.Draft202012Validator(schema).iter_errors(manifest):
            self.site.fault(where, f"{shown}: {error.json_path}: {error.message[:300]}")
