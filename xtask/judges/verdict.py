"""What both judges share: reading events, one a line, and saying what is wrong with each."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator

MAX_MESSAGE = 300


def arguments(about: str) -> argparse.ArgumentParser:
    """The arguments that every judge takes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--verdicts",
        action="store_true",
        help="print only `ok` or `bad` for each line, and exit with 0 whatever they are",
    )
    return parser


def judge(verdicts: bool, violations: Callable[[object], Iterable[tuple[str, str]]]) -> int:
    """Judges standard input and returns the exit code.

    `violations` gives a path and a message for each rule that an event breaks.
    """
    events = found = 0
    for number, line in enumerate(sys.stdin.buffer, start=1):
        events += 1
        bad = False
        for path, message in checked(line, violations):
            bad = True
            found += 1
            if not verdicts:
                print(f"line {number}: {path or 'event'}: {message[:MAX_MESSAGE]}")
        if verdicts:
            print("bad" if bad else "ok")
    if not verdicts:
        print(f"{events} events, {found} violations")
    return 1 if found and not verdicts else 0


def checked(
    line: bytes, violations: Callable[[object], Iterable[tuple[str, str]]]
) -> Iterator[tuple[str, str]]:
    """The violations of one line; a line that cannot be judged is a violation itself."""
    try:
        event = json.loads(line, parse_constant=refuse_constant)
        yield from violations(event)
    except (ValueError, RecursionError) as error:
        yield "", f"cannot be judged: {error}"


def refuse_constant(name: str) -> object:
    # Python reads NaN and Infinity, which JSON does not have.
    raise ValueError(f"{name} is not JSON")


def dotted(path: Iterable[str | int]) -> str:
    """`device.network_interfaces[1].mac`"""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
