"""Judges events, one a line on standard input, by the models of Sekoia's asset connectors.

The models ignore fields that they do not know and convert what nearly fits. An event passes only if
the model holds exactly what was written.
"""

import sys
from collections.abc import Iterator

from pydantic import ValidationError
from sekoia_automation_models.connector import AssetList
from sekoia_automation_models.ocsf.device import DeviceOCSFModel

sys.dont_write_bytecode = True  # The folder is the repository's.
from verdict import arguments, dotted, judge  # noqa: E402


def violations(event: object) -> Iterator[tuple[str, str]]:
    try:
        model = DeviceOCSFModel.model_validate(event)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            yield dotted(problem["loc"]), problem["msg"]
        return
    yield from differences(event, model.model_dump(mode="json", exclude_unset=True), ())
    # The endpoint takes several kinds of assets and tells them apart by their shape.
    item = AssetList.model_validate({"version": 1, "items": [event]}).items[0]
    if not isinstance(item, DeviceOCSFModel):
        yield "", f"is taken for a {type(item).__name__}"


def differences(
    written: object, held: object, path: tuple[str | int, ...]
) -> Iterator[tuple[str, str]]:
    if isinstance(written, dict) and isinstance(held, dict):
        for name, value in written.items():
            if name in held:
                yield from differences(value, held[name], (*path, name))
            else:
                yield dotted((*path, name)), "is ignored by the model"
    elif isinstance(written, list) and isinstance(held, list) and len(written) == len(held):
        for at, pair in enumerate(zip(written, held)):
            yield from differences(*pair, (*path, at))
    # True equals 1 in Python, and 1 equals 1.0 as it should.
    elif written != held or isinstance(written, bool) != isinstance(held, bool):
        yield dotted(path), "is read as another value by the model"


if __name__ == "__main__":
    sys.exit(judge(arguments(__doc__).parse_args().verdicts, violations))
