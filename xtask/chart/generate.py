"""The files of the chart that are made from others: rules, dashboard, schema of the values, README."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from places import Site

SCHEMA_LINE = "Made by `cargo xtask chart` from xtask/chart/values.schema.base.json and docs/configuration.schema.json."


def generated(site: Site) -> dict[Path, str]:
    """Each made file with what belongs into it."""
    chart = site.chart
    return {
        chart / "files/stocktake.rules.yaml": (
            site.root / "deploy/prometheus/stocktake.rules.yaml"
        ).read_text(),
        chart / "files/stocktake.json": (site.root / "deploy/grafana/stocktake.json").read_text(),
        chart / "values.schema.json": json.dumps(values_schema(site), indent=2, ensure_ascii=False)
        + "\n",
        chart / "README.md": readme(site),
    }


# The schema of the values.


def values_schema(site: Site) -> dict[str, Any]:
    base = json.loads((site.scripts / "values.schema.base.json").read_text())
    configuration = json.loads((site.root / "docs/configuration.schema.json").read_text())
    schema = filled(base, configuration)
    definitions = configuration["$defs"]
    wanted = set(references(schema)) - set(schema["$defs"])
    while wanted:
        name = wanted.pop()
        schema["$defs"][name] = strict(definitions[name])
        wanted |= set(references(schema["$defs"][name])) - set(schema["$defs"])
    schema["$defs"] = dict(sorted(schema["$defs"].items()))
    return {"$comment": SCHEMA_LINE} | schema


def filled(node: Any, configuration: dict[str, Any]) -> Any:
    """Puts the schema of a section of stocktake.toml where `configuration` names it."""
    if isinstance(node, list):
        return [filled(item, configuration) for item in node]
    if not isinstance(node, dict):
        return node
    section = node.get("configuration")
    if not isinstance(section, str):
        return {key: filled(value, configuration) for key, value in node.items()}
    own = node.get("properties", {})
    described = configuration["properties"].get(section)
    if described is None:
        # A section that the program does not have yet.
        return {"type": "object", "properties": own}
    reference = described.get("$ref") or described["additionalProperties"]["$ref"]
    definition = strict(configuration["$defs"][reference.rsplit("/", 1)[1]])
    if "oneOf" in definition:
        return by_type(definition["oneOf"], own)
    definition["properties"] = dict(sorted((definition["properties"] | own).items()))
    return definition


def by_type(kinds: list[dict[str, Any]], own: dict[str, Any]) -> dict[str, Any]:
    """A table whose `type` says what else it holds; unlike `oneOf`, with errors that name the key."""
    branches = []
    for kind in kinds:
        name = kind["properties"]["type"]["const"]
        secret = any(key.endswith("_file") for key in kind["properties"])
        kind["properties"] |= own if secret and name != "workload_identity" else {}
        # The chart writes these itself.
        kind["required"] = [key for key in kind["required"] if not key.endswith("_file")]
        condition = {"required": ["type"], "properties": {"type": {"const": name}}}
        branches.append({"if": condition, "then": kind})
    names = [branch["then"]["properties"]["type"]["const"] for branch in branches]
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": names}},
        "allOf": branches,
    }


def strict(node: Any) -> Any:
    """Without inline secrets, and without what makes errors hard to read."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key not in ("default", "format")}
    for alternatives in ("anyOf", "oneOf"):
        options = [option for option in kept.get(alternatives, []) if option != {"type": "null"}]
        if options and all("const" in option for option in options):
            del kept[alternatives]
            kept["enum"] = [option["const"] for option in options]
        elif len(options) == 1:
            del kept[alternatives]
            kept |= options[0]
    if isinstance(kept.get("type"), list):
        (kept["type"],) = [kind for kind in kept["type"] if kind != "null"]
    made = {}
    for key, value in kept.items():
        if key == "properties":
            # Names of keys are no keywords: `format` is one of `[log]`.
            made[key] = {
                name: strict(schema)
                for name, schema in value.items()
                if not is_secret(schema)
            }
        elif key == "description":
            made[key] = " ".join(value.split())
        else:
            made[key] = strict(value)
    return made


def is_secret(schema: Any) -> bool:
    """Whether a key holds a secret itself; the chart takes secrets from Secrets alone."""
    return any(mark in json.dumps(schema) for mark in ('"writeOnly": true', "HiddenText"))


def references(node: Any) -> list[str]:
    return re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(node))


# The README.


def readme(site: Site) -> str:
    template = (site.chart / "README.md.in").read_text()
    described = describe(site)
    return (
        "<!-- Made by `cargo xtask chart` from README.md.in and values.yaml. -->\n\n"
        + template.replace("{{ values }}", described.rstrip())
    )


def describe(site: Site) -> str:
    """The comments of values.yaml as tables, one a section."""
    path = site.chart / "values.yaml"
    text = path.read_text()
    values = yaml.safe_load(text)
    lines: list[str] = []
    described: set[str] = set()
    comment: list[str] | None = None
    in_example = False
    stack: list[tuple[int, str]] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("## "):
            lines += ["", f"### {stripped[3:]}", "", "| value | what it is | default |", "|---|---|---|"]
        elif stripped.startswith("# -- "):
            comment, in_example = [stripped[5:]], False
        elif stripped == "# @example":
            # Examples are for readers of values.yaml; the README has longer ones.
            in_example = True
        elif stripped.startswith("#"):
            if comment is not None and not in_example:
                comment.append(stripped[2:])
        elif key := re.match(r"^( *)([A-Za-z]+):", line):
            indent, name = len(key[1]), key[2]
            while stack and stack[-1][0] >= indent:
                stack.pop()
            stack.append((indent, name))
            names = [name for _, name in stack]
            if comment is not None:
                described.add(".".join(names))
                lines.append(row(names, " ".join(comment), at(values, names)))
            comment = None
    for leaf in undescribed(values, described):
        site.fault(path, f"{leaf} has no comment that starts with `# -- `")
    return "\n".join(lines).strip() + "\n"


def row(names: list[str], comment: str, default: Any) -> str:
    shown = json.dumps(default, ensure_ascii=False)
    if isinstance(default, dict) and len(shown) > 60:
        shown = "…"
    cell = comment.replace("|", "\\|")
    return f"| `{'.'.join(names)}` | {cell} | {'see values.yaml' if shown == '…' else f'`{shown}`'} |"


def at(values: Any, names: list[str]) -> Any:
    for name in names:
        values = values[name]
    return values


def undescribed(values: dict[str, Any], described: set[str], above: str = "") -> list[str]:
    """Keys that neither have a comment nor stand below one that has."""
    found = []
    for name, value in values.items():
        path = f"{above}{name}"
        if path in described:
            continue
        if isinstance(value, dict) and value:
            found += undescribed(value, described, f"{path}.")
        else:
            found.append(path)
    return found
