"""The rules, judged by Prometheus' own tool."""

import shutil
import subprocess

from places import Site


def check(site: Site) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        site.note("promtool is not installed (Debian package prometheus), so the alerts were not tested")
        return
    folder = site.root / "deploy/prometheus"
    for arguments in (
        ["check", "rules", "stocktake.rules.yaml"],
        ["test", "rules", "stocktake.rules.test.yaml"],
    ):
        result = subprocess.run(
            [tool, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            site.fault(folder, f"promtool {' '.join(arguments)}: {result.stdout}{result.stderr}".strip())
