"""Judges events, one a line on standard input, by the official OCSF schema of `--version`."""

import sys
from collections.abc import Iterator

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchema, OcsfJsonSchemaEmbedded, get_ocsf_schema

sys.dont_write_bytecode = True  # The folder is the repository's.
from verdict import arguments, dotted, judge  # noqa: E402

CLASS = "inventory_info"

parser = arguments(__doc__)
parser.add_argument("--version", default="1.5.0", help="the version of the schema")
ARGUMENTS = parser.parse_args()
OFFICIAL = get_ocsf_schema(ARGUMENTS.version)
PROFILES = OFFICIAL["classes"][CLASS]["profiles"]
VALIDATORS: dict[tuple[str, ...], Draft202012Validator] = {}


def validator(event: object) -> Draft202012Validator:
    """The validator for the profiles that the event lists."""
    metadata = event.get("metadata") if isinstance(event, dict) else None
    listed = metadata.get("profiles") if isinstance(metadata, dict) else None
    listed = listed if isinstance(listed, list) else []
    profiles = tuple(profile for profile in PROFILES if profile in listed)
    if profiles not in VALIDATORS:
        embedded = OcsfJsonSchemaEmbedded(OcsfJsonSchema(OFFICIAL))
        schema = embedded.get_class_schema(CLASS, list(profiles))
        VALIDATORS[profiles] = Draft202012Validator(schema)
    return VALIDATORS[profiles]


def violations(event: object) -> Iterator[tuple[str, str]]:
    for error in validator(event).iter_errors(event):
        yield dotted(error.absolute_path), error.message


if __name__ == "__main__":
    sys.exit(judge(ARGUMENTS.verdicts, violations))
